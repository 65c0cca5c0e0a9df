import { describe, expect, it } from "vitest";
import { StageDocument } from "../stage/document";
import type { Annotation, View } from "../stage/schema";
import { marksOf, type PastChange, PastStage } from "./past_stage";

const ASHA = "a".repeat(32);
const CHEST = "c".repeat(32);
const CLIP = "d".repeat(32);

function view(instance: string): View {
  return { instance, frame: 1, center: [1, 1], zoom: 1, width_px: 1, height_px: 1, rotation: 0, flip: false, invert: false, window: null, playing: null, quality: "full" };
}

function drawing(): Annotation {
  return { kind: "arrow", instance: CHEST, sop: "1.2", frame: 1, points: [1, 1, 2, 2], text: "", colour: "#ffd400", author: ASHA, author_name: "Asha", created_at: 0 };
}

/** A talk: the chest goes up at 1000, an arrow at 2000, the clip at 3000. */
function talk(): PastChange[] {
  const document = new StageDocument(ASHA);
  const changes: PastChange[] = [];
  let now = 0;
  document.onLocal(({ update }) => changes.push({ at: now, data: update }));
  now = 1000;
  document.setPresenter(ASHA, view(CHEST));
  now = 2000;
  document.put("1".repeat(32), drawing());
  now = 3000;
  document.setView(view(CLIP));
  return changes;
}

describe("the stage as it was", () => {
  it("says when pictures went up and things were drawn", () => {
    expect(marksOf(talk()).map(({ at, kind }) => [at, kind])).toEqual([
      [1000, "picture"],
      [2000, "drawing"],
      [3000, "picture"],
    ]);
  });

  it("shows what was there at a moment, and tells what comes as time goes on", async () => {
    const past = new PastStage(talk());
    expect(past.goTo(1500)).toBe(true);
    const copy = new StageDocument("");
    copy.receive((await past.request("sync_stage", { state_vector: new Uint8Array() })).update);
    expect(copy.view(ASHA)?.instance).toBe(CHEST);
    expect(copy.annotations().size).toBe(0);
    past.on("stage_updated", ({ update }) => copy.receive(update));
    expect(past.goTo(2500)).toBe(true);
    expect(copy.annotations().size).toBe(1);
    expect(past.goTo(9999)).toBe(true);
    expect(copy.view(ASHA)?.instance).toBe(CLIP);
  });

  it("cannot go back: that needs a new one", () => {
    const past = new PastStage(talk());
    past.goTo(2500);
    expect(past.goTo(1500)).toBe(false);
    expect(past.goTo(2100)).toBe(true);
  });
});
