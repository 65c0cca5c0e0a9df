import { describe, expect, test } from "vitest";
import { Pacer } from "./pacer";
import { Rate } from "./rate";

describe("the size of a piece", () => {
  test("follows the line, but never leaps", () => {
    const pacer = new Pacer(() => 0);
    expect(pacer.chunkBytes).toBe(131_072);
    pacer.took(131_072, 100); // a fast line: twice as much
    expect(pacer.chunkBytes).toBe(262_144);
    for (let round = 0; round < 10; round += 1) {
      pacer.took(pacer.chunkBytes, pacer.chunkBytes / 12.5); // 100 kbit/s
    }
    expect(pacer.chunkBytes).toBe(100_000); // eight seconds of it
  });

  test("never grows beyond what the server takes", () => {
    const pacer = new Pacer(() => 0);
    for (let round = 0; round < 10; round += 1) {
      pacer.took(pacer.chunkBytes, 1);
    }
    expect(pacer.chunkBytes).toBe(1_048_576);
  });

  test("is halved by a cut and is not taught by a file's short end", () => {
    const pacer = new Pacer(() => 0);
    pacer.failed();
    expect(pacer.chunkBytes).toBe(65_536);
    pacer.took(100, 600);
    expect(pacer.chunkBytes).toBe(65_536);
  });
});

test("under a pace no more goes than it allows, whatever the line could", () => {
  let now = 0;
  let sent = 0;
  const pacer = new Pacer(() => now);
  pacer.pace(20_000);
  while (now < 60_000) {
    now += pacer.pauseMs;
    pacer.began(pacer.chunkBytes);
    sent += pacer.chunkBytes;
    now += 50; // each piece is gone at once
  }
  expect(sent / (now / 1000)).toBeLessThanOrEqual(20_700);
  expect(sent / (now / 1000)).toBeGreaterThan(19_000);
  pacer.pace(null);
  expect(pacer.pauseMs).toBe(0);
});

describe("how long it will take", () => {
  test("nobody can say at first", () => {
    const rate = new Rate();
    expect(rate.secondsFor(1000, 0)).toBeNull();
    rate.add(10_000, 0);
    rate.add(10_000, 2000);
    expect(rate.secondsFor(1000, 2000)).toBeNull();
  });

  test("what has gone in the last half minute tells, stalls included", () => {
    const rate = new Rate();
    for (let second = 0; second <= 10; second += 1) {
      rate.add(10_000, second * 1000);
    }
    expect(rate.secondsFor(100_000, 10_000)).toBeCloseTo(10, 0);
    expect(rate.secondsFor(100_000, 20_000)).toBeCloseTo(20, 0);
  });
});
