import { describe, expect, test } from "vitest";
import { FASTEST, pace, SLOWEST, WAITING, type Pace, type Strain } from "./pace";

const CALM: Strain = { queue: 20, concealed: 0, broken: false };

function after(looks: number, strain: Strain, from: Pace = WAITING): Pace {
  return Array.from({ length: looks }).reduce<Pace>((before) => pace(before, strain), from);
}

describe("files beside a voice", () => {
  test("wait until the voice is known to get through, then begin slowly", () => {
    expect(after(2, CALM).rate).toBe(0);
    expect(after(3, CALM).rate).toBeGreaterThan(0);
    expect(after(3, CALM).rate).toBeLessThan(4_000);
  });

  test("go as fast as the line does while nothing queues", () => {
    expect(after(120, CALM).rate).toBe(FASTEST);
  });

  test.each([
    ["a queue", { ...CALM, queue: 300 }],
    ["words that are made up", { ...CALM, concealed: 0.03 }],
  ])("slow down at %s, and still move", (_name, strain) => {
    const fast = after(40, CALM);
    expect(pace(fast, strain).rate).toBeLessThan(fast.rate);
    expect(after(200, strain, fast).rate).toBe(SLOWEST);
  });

  test.each([
    ["a long queue", { ...CALM, queue: 900 }],
    ["many words lost", { ...CALM, concealed: 0.2 }],
    ["a link that is gone", { ...CALM, broken: true }],
  ])("stop at once at %s", (_name, strain) => {
    expect(pace(after(40, CALM), strain).rate).toBe(0);
  });

  test("are not cut twice for one queue", () => {
    const fast = after(40, CALM);
    const once = pace(fast, { ...CALM, queue: 300 });
    expect(pace(once, { ...CALM, queue: 300 }).rate).toBe(once.rate);
  });

  test("find what a line of 16 KB a second leaves, without filling it", () => {
    let now = WAITING;
    let queue = 0;
    const rates: number[] = [];
    const queues: number[] = [];
    for (let second = 0; second < 300; second += 1) {
      queue = Math.max(0, queue + ((now.rate - 16_000) / 16_000) * 1000);
      now = pace(now, { queue, concealed: 0, broken: false });
      rates.push(now.rate);
      queues.push(queue);
    }
    const later = rates.slice(100);
    expect(later.reduce((sum, rate) => sum + rate, 0) / later.length).toBeGreaterThan(8_000);
    expect(Math.max(...queues.slice(100))).toBeLessThan(700);
  });
});
