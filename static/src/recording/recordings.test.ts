import { describe, expect, it, vi } from "vitest";
import type { RecordingInfo } from "../realtime/protocol";
import { Recordings } from "./recordings";

type Handler = (fact: { recording: RecordingInfo }) => void;

function info(changes: Partial<RecordingInfo> = {}): RecordingInfo {
  return {
    recording_id: "r".repeat(32),
    state: "recording",
    pictures: false,
    asked_by: "asha",
    asked_by_name: "Asha",
    text_version: "v",
    since: 0,
    reason: "",
    people: [
      { participant_id: "asha", person: "self", name: "Asha", answer: "yes" },
      { participant_id: "bela", person: "self", name: "Bela", answer: "asked" },
    ],
    ...changes,
  };
}

function world(me = "bela") {
  const told: Handler[] = [];
  const connects: (() => Promise<void>)[] = [];
  const request = vi.fn((name: string, _message: unknown): Promise<unknown> => Promise.resolve(name === "watch_recording" ? { recording: null } : {}));
  let hushed = 0;
  const connection = {
    on: (_event: string, handler: Handler) => told.push(handler),
    onConnect: (join: () => Promise<void>) => connects.push(join),
    request,
  };
  const recordings = new Recordings({
    connection: connection as never,
    me,
    hush: () => {
      hushed += 1;
      return () => {
        hushed -= 1;
      };
    },
  });
  return { recordings, request, tell: (one: RecordingInfo) => told.forEach((hear) => hear({ recording: one })), reconnect: () => Promise.all(connects.map((join) => join())), hushed: () => hushed };
}

describe("a recording, as a page knows it", () => {
  it("asks whoever has not answered, and says whom it waits for", () => {
    const { recordings, tell } = world();
    tell(info({ state: "asking" }));
    expect(recordings.isAsked).toBe(true);
    expect(recordings.missing).toEqual([]);
    const other = world("asha");
    other.tell(info({ state: "asking" }));
    expect(other.recordings.isAsked).toBe(false);
    expect(other.recordings.missing).toEqual(["Bela"]);
  });

  it("asks nobody twice when older news comes after their answer, and asks anew for another recording", async () => {
    const { recordings, tell } = world();
    tell(info({ state: "asking" }));
    await recordings.answer(true, { version: "v", language: "en" }, []);
    tell(info({ state: "asking" }));
    expect(recordings.isAsked).toBe(false);
    tell(info({ state: "ended" }));
    tell(info({ state: "asking", recording_id: "s".repeat(32) }));
    expect(recordings.isAsked).toBe(true);
  });

  it("tells once that it ended, and nothing of one that it never showed", () => {
    const { recordings, tell } = world();
    const ended: string[] = [];
    recordings.onChange((one) => one && ended.push(one.reason));
    tell(info({ state: "ended", reason: "withdrawn" }));
    expect(ended).toEqual([]);
    tell(info());
    tell(info({ state: "ended", reason: "withdrawn" }));
    tell(info({ state: "ended", reason: "withdrawn" }));
    expect(ended).toEqual(["withdrawn"]);
    expect(recordings.info).toBeNull();
  });

  it("is silent from the tap on until the server has heard that a yes is taken back, over a lost line too", async () => {
    const { recordings, request, tell, reconnect, hushed } = world("asha");
    tell(info());
    request.mockRejectedValueOnce(new Error("no line"));
    await expect(recordings.withdraw("self")).rejects.toThrow();
    expect(hushed()).toBe(1);
    await reconnect();
    expect(request.mock.calls.filter(([name]) => name === "withdraw_recording")).toHaveLength(2);
    expect(hushed()).toBe(0);
  });
});
