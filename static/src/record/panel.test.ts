import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DocumentReply, RecordReply } from "./messages";
import { mountRecord, type RecordFacts, type RecordHandle } from "./panel";

type Handler = (fact: never) => void;

/** A connection whose facts the test tells itself. */
class Facts implements RecordFacts {
  private readonly handlers = new Map<string, Handler>();

  on = (name: string, handler: Handler): (() => void) => {
    this.handlers.set(name, handler);
    return () => void this.handlers.delete(name);
  };

  onStatus = (handler: Handler): (() => void) => this.on("status", handler);

  tell(name: string, fact: object): void {
    this.handlers.get(name)?.(fact as never);
  }
}

const NOTHING: DocumentReply = {
  state: "none",
  version: 0,
  updated_at: null,
  mine: false,
  fields: null,
  key_images: null,
  signature: null,
};
const SIGNED: DocumentReply = {
  ...NOTHING,
  state: "signed",
  version: 3,
  fields: { findings: "<b>Opacity</b>", impression: "Effusion", recommendations: "Tap", urgency: "urgent" },
  key_images: [],
  signature: { at: "2026-12-04T21:35:00Z", name: "Dr Delta", registration_number: "R-7", sha256: "a", whole: true },
};
const RECORD: RecordReply = {
  consult_id: "c1",
  state: "in_progress",
  role: "treating_doctor",
  reader: "u1",
  treating_doctor: "Dr Alpha",
  specialist: "Dr Delta",
  rights: [],
  opinion: NOTHING,
  outcome: NOTHING,
  addenda: [],
  report: { state: "none", url: null },
};

let served: RecordReply = RECORD;
let reads = 0;
let place: HTMLElement;
let facts: Facts;
let panel: RecordHandle;

function serve(record: Partial<RecordReply>): void {
  served = { ...RECORD, ...record };
}

async function mount(): Promise<void> {
  panel = mountRecord(place, { consultId: "c1", connection: facts });
  await panel.refresh();
}

const text = (): string => place.textContent;
const shown = (selector: string): HTMLElement | null =>
  [...place.querySelectorAll<HTMLElement>(selector)].find((one) => !one.closest("[hidden]")) ?? null;

beforeEach(() => {
  localStorage.clear();
  reads = 0;
  facts = new Facts();
  place = document.createElement("div");
  document.body.replaceChildren(place);
  vi.stubGlobal("fetch", () => {
    reads += 1;
    return Promise.resolve(new Response(JSON.stringify(served)));
  });
});

afterEach(() => panel.destroy());

test("the treating doctor sees that the specialist writes, without asking the server for each change", async () => {
  serve({});
  await mount();
  expect(text()).toContain("Dr Delta has not begun to write.");
  const before = reads;
  facts.tell("opinion_changed", { version: 1, signed: false });
  facts.tell("opinion_changed", { version: 2, signed: false });
  expect(text()).toContain("Dr Delta is writing the opinion");
  expect(reads).toBe(before);
});

test("a signed opinion brings the outcome's form, and nobody's words are markup", async () => {
  serve({});
  await mount();
  serve({ state: "opinion_signed", opinion: SIGNED, rights: ["write_outcome"] });
  facts.tell("opinion_changed", { version: 3, signed: true });
  await vi.waitFor(() => expect(shown("#record-outcome-plan")).not.toBeNull());
  expect(text()).toContain("<b>Opacity</b>");
  expect(text()).toContain("R-7");
  expect(shown("#record-outcome-decision_note")).toBeNull();
});

test("the question that a decision needs appears with it", async () => {
  serve({ state: "opinion_signed", opinion: SIGNED, rights: ["write_outcome"] });
  await mount();
  const declined = place.querySelector<HTMLInputElement>("#record-outcome-decision-declined")!;
  declined.checked = true;
  declined.dispatchEvent(new Event("input", { bubbles: true }));
  expect(shown("#record-outcome-decision_note")).not.toBeNull();
  expect(text()).toContain("Why do you decline it?");
});

test("what is being written stays while other things change around it", async () => {
  const fields = { findings: "", impression: "", recommendations: "", urgency: "urgent" };
  const opinion: DocumentReply = { ...NOTHING, mine: true, fields };
  serve({ role: "specialist", rights: ["write_opinion"], opinion });
  await mount();
  const box = place.querySelector<HTMLTextAreaElement>("#record-opinion-findings")!;
  box.value = "half a sen";
  facts.tell("consult_changed", { state: "in_progress" });
  await panel.refresh();
  expect(place.querySelector("#record-opinion-findings")).toBe(box);
  expect(box.value).toBe("half a sen");
});

test("an addendum being written outlives the PDF's coming", async () => {
  const done = {
    state: "concluded",
    opinion: SIGNED,
    outcome: { ...SIGNED, fields: {} },
    rights: ["add_addendum"],
  } as const;
  serve({ ...done, report: { state: "making", url: "/p" } });
  await mount();
  const box = place.querySelector<HTMLTextAreaElement>("#record-addendum")!;
  box.value = "Culture";
  serve({ ...done, report: { state: "ready", url: "/p" } });
  await panel.refresh();
  expect(place.querySelector("#record-addendum")).toBe(box);
  expect(text()).toContain("Open as PDF");
});

test("content that is not what was signed is said loudly", async () => {
  serve({ opinion: { ...SIGNED, signature: { ...SIGNED.signature!, whole: false } } });
  await mount();
  expect(text()).toContain("not what was signed");
});
