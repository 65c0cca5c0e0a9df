import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "./fakes";
import { FRESH_MS, Hearing } from "./hearing";

const WELL = { loss: 0, concealed: 0 };
let clock: FakeClock;
let wire: string[];
let ours: Hearing;
let theirs: Hearing;

beforeEach(() => {
  clock = new FakeClock();
  wire = [];
  ours = new Hearing(clock, (text) => wire.push(text));
  theirs = new Hearing(clock, (text) => wire.push(text));
});

async function carry(to: Hearing, milliseconds: number): Promise<void> {
  await clock.pass(milliseconds);
  expect(to.received(wire.pop() ?? "")).toBe(true);
}

test("each side learns how it arrives and what the other sends", async () => {
  ours.tell({ loss: 0.1, concealed: 0.02 }, "stills");
  await carry(theirs, 50);
  expect(theirs.heard).toEqual({ loss: 0.1, concealed: 0.02 });
  expect(theirs.theirRung).toBe("stills");
});

test("the way there and back is timed without what the other side waited", async () => {
  ours.tell(WELL, "picture");
  await carry(theirs, 200);
  await clock.pass(700);
  theirs.tell(WELL, "picture");
  await carry(ours, 300);
  expect(ours.roundTrip).toBe(500);
});

test("what was said some seconds ago says nothing about now", async () => {
  ours.tell(WELL, "picture");
  await carry(theirs, 0);
  await clock.pass(FRESH_MS + 1);
  expect([theirs.heard, theirs.theirRung, theirs.roundTrip]).toEqual([null, null, null]);
});

test.each([
  '{"heard":{"loss":2,"concealed":0},"rung":"voice","serial":1,"echo":null,"waited":0}',
  '{"heard":{"loss":0,"concealed":0},"rung":"roof","serial":1,"echo":null,"waited":0}',
  '{"heard":null}',
  '{"heard":{"loss":',
])("%s is taken off the line and not believed", (text) => {
  expect(ours.received(text)).toBe(true);
  expect(ours.heard).toBeNull();
});

test("a pointer is not for it", () => {
  expect(ours.received('{"pointer":null,"view":null,"at":1}')).toBe(false);
});
