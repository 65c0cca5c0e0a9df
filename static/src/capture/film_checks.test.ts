// @vitest-environment node
import { describe, expect, test } from "vitest";
import { glare, insetCorners, judged, otsu, proposedCorners, sharpness } from "./film_checks";
import { fromUnitSquare, isConvex, type Pixels, type Quad, sideInPhoto, slant, straightened, straightSize, turned } from "./film_geometry";

const QUAD: Quad = [{ x: 20, y: 10 }, { x: 90, y: 18 }, { x: 84, y: 70 }, { x: 14, y: 60 }];

/** A picture whose level at (x, y) is what `level` says. */
function picture(width: number, height: number, level: (x: number, y: number) => number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    data.fill(level(i % width, Math.floor(i / width)), 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  }
  return { width, height, data };
}

function inside(quad: Quad, x: number, y: number): boolean {
  return quad.every((here, i) => {
    const next = quad[(i + 1) % 4] ?? here;
    return (next.x - here.x) * (y - here.y) - (next.y - here.y) * (x - here.x) >= 0;
  });
}

describe("a photographed film", () => {
  test("is found as the dark part on the light box, to two pixels", () => {
    const found = proposedCorners(picture(100, 80, (x, y) => (inside(QUAD, x, y) ? 60 : 240)));
    found.forEach((corner, i) => {
      expect(Math.hypot(corner.x - (QUAD[i]?.x ?? 0), corner.y - (QUAD[i]?.y ?? 0))).toBeLessThan(2.5);
    });
  });

  test.each([["an even photo", () => 120], ["a speck", (x: number, y: number) => (x + y < 6 ? 0 : 250)]])(
    "is left to the person's own corners in %s",
    (_name, level) => {
      expect(proposedCorners(picture(100, 80, level))).toEqual(insetCorners(100, 80));
    },
  );

  test("is straightened corner by corner", () => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = fromUnitSquare(QUAD);
    [[0, 0], [1, 0], [1, 1], [0, 1]].forEach(([u = 0, v = 0], i) => {
      const w = g * u + h * v + 1;
      expect((a * u + b * v + c) / w).toBeCloseTo(QUAD[i]?.x ?? 0, 6);
      expect((d * u + e * v + f) / w).toBeCloseTo(QUAD[i]?.y ?? 0, 6);
    });
    const film = straightened(picture(100, 80, (x, y) => (inside(QUAD, x, y) ? 60 : 240)), QUAD, 70, 50);
    const middle = [...film].filter((_, i) => i % 4 === 0 && i > 70 * 4 * 3 && i < 70 * 4 * 47);
    expect(middle.filter((level) => level > 70).length / middle.length).toBeLessThan(0.06);
  });

  test("keeps its pixels unchanged where nothing is slanted", () => {
    const whole: Quad = [{ x: 0, y: 0 }, { x: 12, y: 0 }, { x: 12, y: 9 }, { x: 0, y: 9 }];
    const photo = picture(12, 9, (x, y) => x * 20 + y);
    expect([...straightened(photo, whole, 12, 9)]).toEqual([...photo.data]);
  });

  test("is as large as its longer edges, never larger than asked", () => {
    expect(straightSize([{ x: 0, y: 0 }, { x: 400, y: 0 }, { x: 400, y: 200 }, { x: 0, y: 200 }], 100)).toEqual({ width: 100, height: 50 });
  });

  test("says how slanted it was, and refuses corners that cross", () => {
    expect(slant(insetCorners(100, 80))).toBeCloseTo(1);
    expect(slant([{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 80, y: 90 }, { x: 20, y: 90 }])).toBeGreaterThan(1.5);
    expect(isConvex(QUAD)).toBe(true);
    expect(isConvex([QUAD[1], QUAD[0], QUAD[2], QUAD[3]])).toBe(false);
  });

  test("shows glare as the share of wholly white spots", () => {
    expect(glare(picture(40, 40, () => 120))).toBe(0);
    expect(glare(picture(40, 40, (x, y) => (x < 20 && y < 20 ? 255 : 120)))).toBeCloseTo(0.25);
  });

  test("is parted from the ground by the level between two heaps", () => {
    expect(otsu(Uint8Array.from([...Array<number>(50).fill(30), ...Array<number>(50).fill(200)]))).toBeGreaterThanOrEqual(30);
    expect(otsu(Uint8Array.from([...Array<number>(50).fill(30), ...Array<number>(50).fill(200)]))).toBeLessThan(200);
  });
});

describe("a burst", () => {
  const stripes = (soft: number): Pixels => picture(40, 40, (x) => 120 + (x % 8 < 4 ? 1 : -1) * (100 / soft) * Math.min(1, Math.min(x % 4, 4 - (x % 4)) / soft + 0.2));

  test("ranks the same thing, sharp above soft", () => {
    expect(sharpness(stripes(1))).toBeGreaterThan(2 * sharpness(stripes(3)));
    expect(sharpness(picture(20, 20, () => 90))).toBe(0);
  });

  test("offers its sharpest shot and calls only what is far below it blurred", () => {
    expect(judged([10, 100, 70, 59])).toEqual({ sharpest: 1, blurred: [true, false, false, true] });
  });

  test("is blurred as a whole beside an earlier one that was sharper", () => {
    expect(judged([20, 50], 100)).toEqual({ sharpest: 1, blurred: [true, true] });
  });
});

describe("a film that is turned", () => {
  test("has its corners named anew, clockwise", () => {
    const [a, b, c, d] = QUAD;
    expect(turned(QUAD, 1)).toEqual([d, a, b, c]);
    expect(turned(QUAD, 4)).toEqual([a, b, c, d]);
  });

  test("carries what was said of it over to the untouched photo only where it holds there", () => {
    expect([0, 1, 2, 3].map((quarters) => sideInPhoto("right_on_left", quarters))).toEqual(["right_on_left", null, "left_on_left", null]);
    expect(sideInPhoto("left_limb", 1)).toBe("left_limb");
  });
});
