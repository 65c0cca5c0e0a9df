import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock, settle } from "./fakes";
import { LARGEST_STILL_BYTES, PIECE_BYTES, SPREAD_MS, STILL_EVERY_MS, stillBytes, StillReceiver, StillSender } from "./stills";

let clock: FakeClock;
let wire: { at: number; piece: string | ArrayBuffer }[];
let isOpen: boolean;
let sender: StillSender;
let shown: { bytes: number; takenAt: number }[];
let receiver: StillReceiver;

beforeEach(() => {
  clock = new FakeClock();
  wire = [];
  shown = [];
  isOpen = true;
  sender = new StillSender({
    clock,
    grab: (bytes) => Promise.resolve(new Blob([new Uint8Array(Math.min(bytes, 5_500))], { type: "image/webp" })),
    send: (piece) => {
      wire.push({ at: clock.now(), piece });
      return isOpen;
    },
    available: () => null,
    sent: () => undefined,
  });
  receiver = new StillReceiver(clock, (blob, takenAt) => shown.push({ bytes: blob.size, takenAt }));
});

async function run(milliseconds: number): Promise<void> {
  await settle();
  for (let passed = 0; passed < milliseconds; passed += 100) {
    await clock.pass(100);
    await settle();
  }
}

describe("sending", () => {
  test("spreads each still over seconds, so that no word waits behind it", async () => {
    const began = clock.now();
    sender.run(true);
    await run(STILL_EVERY_MS - 200);
    const pieces = wire.filter(({ piece }) => typeof piece !== "string");
    expect(pieces).toHaveLength(6);
    expect(pieces.every(({ piece }) => (piece as ArrayBuffer).byteLength <= PIECE_BYTES)).toBe(true);
    expect(pieces.at(-1)!.at - began).toBeGreaterThan(SPREAD_MS / 2);
  });

  test("stops at once, in the middle of a still", async () => {
    sender.run(true);
    await run(1_000);
    sender.run(false);
    const before = wire.length;
    await run(10_000);
    expect(wire).toHaveLength(before);
  });

  test("gives up what the line does not take, and begins with the next still", async () => {
    sender.run(true);
    await run(1_000);
    isOpen = false;
    await run(1_000);
    isOpen = true;
    await run(STILL_EVERY_MS);
    expect(wire.filter(({ piece }) => typeof piece === "string")).toHaveLength(2);
  });
});

describe("receiving", () => {
  test("shows a whole still, and when it was taken", async () => {
    sender.run(true);
    await run(STILL_EVERY_MS - 200);
    const began = wire[0]!.at;
    await clock.pass(400);
    wire.forEach(({ piece }) => receiver.received(piece, 300));
    expect(shown).toEqual([{ bytes: 5_500, takenAt: clock.now() - 150 }]);
    expect(began).toBeLessThan(clock.now());
  });

  test.each([
    ["not JSON", "picture"],
    ["too large", JSON.stringify({ still: LARGEST_STILL_BYTES + 1, type: "image/webp", age: 0 })],
    ["no picture", JSON.stringify({ still: 10, type: "text/html", age: 0 })],
    ["longer than it said", JSON.stringify({ still: 9, type: "image/webp", age: 0 })],
  ])("%s is not shown", (_name, head) => {
    receiver.received(head, null);
    receiver.received(new ArrayBuffer(10), null);
    expect(shown).toEqual([]);
  });
});

test.each([
  [null, 6_000],
  [20_000, 3_000],
  [60_000, 8_400],
  [1_000_000, LARGEST_STILL_BYTES],
])("with %s bit/s a still is at most %i bytes", (available, bytes) => {
  expect(stillBytes(available)).toBe(bytes);
});
