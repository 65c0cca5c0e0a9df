// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { Matrix } from "../viewport/view";
import { type Annotation, parseAnnotation } from "./schema";
import { captionOf, distanceTo, pathOf, pointsOf, reshaped, shifted, simplified } from "./shapes";

const SAME: Matrix = [1, 0, 0, 1, 0, 0];

export function drawing(said: Partial<Annotation> = {}): Annotation {
  return {
    kind: "arrow",
    instance: "1".repeat(32),
    sop: "1.2.3",
    frame: 1,
    points: [10, 10, 110, 10],
    text: "",
    colour: "#ffd400",
    author: "a".repeat(32),
    author_name: "Dr Rao",
    created_at: 1,
    ...said,
  };
}

describe("drawings", () => {
  it("are found near their lines, not in the middle of an ellipse", () => {
    expect(distanceTo(drawing(), SAME, { x: 60, y: 30 })).toBeCloseTo(20);
    const ellipse = drawing({ kind: "ellipse", points: [0, 0, 200, 100] });
    expect(distanceTo(ellipse, SAME, { x: 100, y: 50 })).toBeGreaterThan(40);
    expect(distanceTo(ellipse, SAME, { x: 200, y: 50 })).toBeLessThan(1);
  });

  it("move as a whole or by one point", () => {
    expect(shifted(drawing(), 5, -3).points).toEqual([15, 7, 115, 7]);
    expect(reshaped(drawing(), 1, { x: 0.001, y: 9.999 }).points).toEqual([10, 10, 0, 10]);
  });

  it("say a length in the unit that is known", () => {
    expect(captionOf(drawing({ kind: "length" }), [])).toBe("100 px (uncalibrated)");
  });

  it("follow the image's matrix", () => {
    expect(pathOf(drawing({ kind: "line", points: [0, 0, 10, 0] }), [2, 0, 0, 2, 5, 5])).toBe("M5.0 5.0L25.0 5.0");
  });

  it("lose points that nobody would miss and keep the ends", () => {
    const straight = Array.from({ length: 5000 }, (_, i) => ({ x: i, y: 0 }));
    expect(simplified(straight, 0.5)).toEqual([straight[0], straight[4999]]);
    const wild = Array.from({ length: 9000 }, (_, i) => ({ x: i, y: (i % 2) * 50 }));
    expect(simplified(wild, 0.5).length).toBeLessThanOrEqual(2000);
  });
});

describe("an annotation", () => {
  it("is refused with a point that is no number, or too few of them", () => {
    expect(() => parseAnnotation(drawing({ points: [1, 2, NaN, 4] }))).toThrow(/^points/);
    expect(() => parseAnnotation(drawing({ kind: "line", points: [1, 2] }))).toThrow(/^points/);
    expect(() => parseAnnotation(drawing({ points: [1, 2, 3, 4, 5, 6] }))).toThrow(/^points/);
    expect(pointsOf(parseAnnotation(drawing()))).toHaveLength(2);
  });
});
