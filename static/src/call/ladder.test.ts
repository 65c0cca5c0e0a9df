import { describe, expect, test } from "vitest";
import {
  climb,
  FIRST_HOLD_MS,
  GOOD_BEFORE_UP,
  LASTING_MS,
  LONGEST_HOLD_MS,
  pictureOn,
  startLadder,
  type Ladder,
  type UplinkSample,
} from "./ladder";

const LOOK_MS = 2000;
const GOOD = { loss: 0.01, roundTrip: 300, available: 800_000 };
const LOSSY = { loss: 0.2, roundTrip: 300, available: 800_000 };
const QUEUED = { loss: 0, roundTrip: 2000, available: 800_000 };
const THIN = { loss: 0.01, roundTrip: 400, available: 100_000 };
const UNKNOWN = { loss: 0, roundTrip: null, available: null };

function run(ladder: Ladder, link: Omit<UplinkSample, "at">, looks: number): Ladder {
  let next = ladder;
  let at = Math.max(ladder.since, lastAt);
  for (let look = 0; look < looks; look += 1) {
    at += LOOK_MS;
    next = climb(next, { at, ...link });
  }
  lastAt = at;
  return next;
}

let lastAt = 0;

function start(): Ladder {
  lastAt = 0;
  return startLadder(0);
}

const UP = Math.max(GOOD_BEFORE_UP, FIRST_HOLD_MS / LOOK_MS);

describe("going down", () => {
  test("a good link keeps the whole picture, and so does one that says little", () => {
    expect(run(start(), GOOD, 100).rung).toBe("picture");
    expect(run(start(), UNKNOWN, 100).rung).toBe("picture");
  });

  test("one bad look is no reason, two in a row are", () => {
    expect(run(start(), LOSSY, 1).rung).toBe("picture");
    expect(run(run(run(start(), LOSSY, 1), GOOD, 1), LOSSY, 1).rung).toBe("picture");
    expect(run(start(), LOSSY, 2).rung).toBe("small_picture");
  });

  test.each([
    ["loss", LOSSY],
    ["a queue that fills", QUEUED],
  ])("%s takes the picture down to voice and no further", (_name, link) => {
    expect(run(start(), link, 4).rung).toBe("voice");
    expect(run(start(), link, 100).rung).toBe("voice");
  });

  test("a thin link holds the small picture", () => {
    expect(run(start(), THIN, 2).rung).toBe("small_picture");
    expect(run(run(start(), THIN, 2), THIN, UP - 1).rung).toBe("small_picture");
  });
});

describe("coming back", () => {
  test("waits for the hold and for several good looks", () => {
    const low = run(start(), LOSSY, 4);
    expect(run(low, GOOD, UP - 1).rung).toBe("voice");
    expect(run(run(start(), LOSSY, 4), GOOD, UP).rung).toBe("small_picture");
  });

  test("does not jump over a rung", () => {
    const once = run(run(start(), LOSSY, 4), GOOD, UP);
    expect(once.rung).toBe("small_picture");
    expect(run(once, GOOD, UP).rung).toBe("picture");
  });

  test("an estimate held low by silence does not keep the picture away", () => {
    const low = run(start(), LOSSY, 4);
    expect(run(low, { ...GOOD, available: 30_000 }, UP).rung).toBe("small_picture");
  });

  test("a climb that did not last doubles the wait, up to two minutes", () => {
    let ladder = run(start(), LOSSY, 4);
    const holds: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      ladder = run(ladder, GOOD, ladder.hold / LOOK_MS + GOOD_BEFORE_UP);
      expect(ladder.rung).toBe("small_picture");
      ladder = run(ladder, LOSSY, 2);
      expect(ladder.rung).toBe("voice");
      holds.push(ladder.hold);
    }
    expect(holds).toEqual([20_000, 40_000, 80_000, 120_000, 120_000, LONGEST_HOLD_MS]);
  });

  test("a climb that lasted forgives", () => {
    let ladder = run(start(), LOSSY, 4);
    ladder = run(ladder, GOOD, UP);
    ladder = run(ladder, LOSSY, 2);
    expect(ladder.hold).toBe(2 * FIRST_HOLD_MS);
    ladder = run(ladder, GOOD, (2 * FIRST_HOLD_MS) / LOOK_MS);
    ladder = run(ladder, GOOD, LASTING_MS / LOOK_MS);
    ladder = run(ladder, GOOD, LASTING_MS / LOOK_MS);
    expect(ladder.hold).toBe(FIRST_HOLD_MS);
  });
});

test("each rung down costs less, and voice sends no picture", () => {
  expect(pictureOn("small_picture").maxBitrate).toBeLessThan(pictureOn("picture").maxBitrate);
  expect(pictureOn("voice").active).toBe(false);
  expect(pictureOn("text").active).toBe(false);
});
