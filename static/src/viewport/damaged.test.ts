// @vitest-environment node
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { groupOf, middleOf, parseClipIndex } from "./clip_index";
import { parseManifest } from "./manifest";
import { manifestOf } from "./manifest_fixture";
import { FormatError } from "./parse";
import { decodeTile, inflate, readValues } from "./tiles";

const ROUNDS = Number(process.env.FUZZ_N ?? 300);

/** Mulberry32: the same numbers for the same seed, so that a failing round can be run again. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function damaged(bytes: Uint8Array, next: (below: number) => number): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(bytes);
  for (let change = next(4); change > 0 && out.length > 0; change--) {
    out[next(out.length)] = next(256);
  }
  return next(4) === 0 ? out.slice(0, next(out.length + 1)) : out;
}

const ODD: readonly unknown[] = [null, undefined, -1, 0, 1.5, 1e308, NaN, "", "x", [], {}, true, [[]], "=".repeat(9)];

/** A copy in which one value somewhere is another, or gone. */
function changed(value: unknown, next: (below: number) => number): unknown {
  if (typeof value !== "object" || value === null || next(6) === 0) {
    return ODD[next(ODD.length)];
  }
  const keys = Object.keys(value);
  const key = keys[next(Math.max(1, keys.length))];
  if (key === undefined) {
    return value;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  Reflect.set(copy, key, changed(Reflect.get(value, key), next));
  return copy;
}

const CLIP = {
  codec: "avc1.42E01E", description: btoa("abc"), width: 3, height: 3, coded_width: 4, coded_height: 4,
  frames: [[10, 1, 40000], [5, 0, 40000], [12, 1, 40000]],
};
const REGION = { x0: 0, y0: 0, x1: 9, y1: 9, per_px_x: 0.1, per_px_y: 0.1, unit_x: "mm", unit_y: "mm", label: "mm" };
const SETS = [manifestOf({ calibration: [REGION], voi_lut: [[0, 0], [9, 255]] })];

describe("what comes damaged", () => {
  it("is a tile of the right size or an error, and nothing else", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const next = numbers(round);
      const shape = { width: 1 + next(40), height: 1 + next(40), bits: next(2) ? 16 : 8, channels: next(2) ? 3 : 1 } as const;
      const size = shape.width * shape.height * shape.channels;
      const plain = Uint8Array.from({ length: (size * shape.bits) / 8 }, () => next(256));
      const bytes = damaged(Uint8Array.from(deflateSync(plain)), next);
      try {
        expect(decodeTile(await inflate(bytes), shape), `round ${round}`).toHaveLength(size);
      } catch (error) {
        // What inflates says it in its own way; a RangeError would be a length that was believed.
        expect(error instanceof RangeError, `round ${round}: ${String(error)}`).toBe(false);
      }
    }
  });

  it("is a list of values or a FormatError", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const next = numbers(round);
      const bytes = Uint8Array.from({ length: next(64) }, () => next(256));
      try {
        expect(readValues(bytes, next(20)).length).toBeLessThan(20);
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(FormatError);
      }
    }
  });

  it("is a clip's index whose frames can be found or a FormatError", () => {
    for (let round = 0; round < ROUNDS; round++) {
      try {
        const index = parseClipIndex(changed(CLIP, numbers(round)));
        index.frames.forEach((_, number) => {
          const [first, end] = groupOf(index.frames, number);
          expect(first <= number && number < end).toBe(true);
          expect(middleOf(index.frames, number)).toBeGreaterThanOrEqual(0);
        });
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(FormatError);
      }
    }
  });

  it("is a manifest or a FormatError", () => {
    const whole = { ...manifestOf({ calibration: [REGION] }), per_frame: { sets: SETS, of: [0] } };
    for (let round = 0; round < ROUNDS; round++) {
      try {
        expect(parseManifest(changed(whole, numbers(round))).columns).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(FormatError);
      }
    }
  });
});
