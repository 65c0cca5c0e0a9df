import { describe, expect, it } from "vitest";
import { clockWords, momentAt, secondOf } from "./timeline";

const INDEX = [
  { at: 0, began: 1_000_000, seconds: 60 },
  { at: 60, began: 1_600_000, seconds: 30 },
];

describe("the time of a recording", () => {
  it("says when a second was heard, over a pause", () => {
    expect(momentAt(INDEX, 10)).toBe(1_010_000);
    expect(momentAt(INDEX, 60)).toBe(1_600_000);
    expect(momentAt(INDEX, 75.5)).toBe(1_615_500);
    expect(momentAt([], 3)).toBeNull();
  });

  it("finds the second of a moment; one in a pause is where it goes on", () => {
    expect(secondOf(INDEX, 1_010_000)).toBe(10);
    expect(secondOf(INDEX, 1_300_000)).toBe(60);
    expect(secondOf(INDEX, 1_610_000)).toBe(70);
    expect(secondOf(INDEX, 5)).toBe(0);
  });

  it("says seconds as people do", () => {
    expect(clockWords(187.9)).toBe("3:07");
    expect(clockWords(3727)).toBe("1:02:07");
    expect(clockWords(0)).toBe("0:00");
  });
});
