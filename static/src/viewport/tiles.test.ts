// @vitest-environment node
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FormatError } from "./parse";
import { decodeTile, halved, readValues, tileBox, undoPrediction } from "./tiles";

/** Predicts as T.87 says, in plain steps, so that the decoder is held against something else than itself. */
function residuals(pixels: readonly number[], width: number, modulus: number): number[] {
  return pixels.map((value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const at = (dx: number, dy: number): number => pixels[i + dx + dy * width] ?? 0;
    let guess = 0;
    if (y === 0) {
      guess = x === 0 ? 0 : at(-1, 0);
    } else if (x === 0) {
      guess = at(0, -1);
    } else {
      const [a, b, c] = [at(-1, 0), at(0, -1), at(-1, -1)];
      guess = c >= Math.max(a, b) ? Math.min(a, b) : c <= Math.min(a, b) ? Math.max(a, b) : a + b - c;
    }
    return (((value - guess) % modulus) + modulus) % modulus;
  });
}

describe("tiles", () => {
  it("undo the prediction of a known vector", () => {
    const pixels = [10, 12, 11, 255, 13, 9, 0, 254, 200, 3, 77, 78];
    const codes = Uint8Array.from(residuals(pixels, 4, 256));
    undoPrediction(codes, 0, 4, 3);
    expect([...codes]).toEqual(pixels);
  });

  it("join low and high bytes and wrap round at 65,536", () => {
    const pixels = Array.from({ length: 35 }, (_, i) => (i * 40009) % 65536);
    const coded = residuals(pixels, 7, 65536);
    const raw = Uint8Array.from([...coded.map((r) => r & 255), ...coded.map((r) => r >> 8)]);
    expect([...decodeTile(raw, { width: 7, height: 5, bits: 16, channels: 1 })]).toEqual(pixels);
  });

  it("hold colour channel after channel", () => {
    const planes = [[1, 2, 3, 4], [9, 8, 7, 6], [50, 60, 70, 200]];
    const raw = Uint8Array.from(planes.flatMap((plane) => residuals(plane, 2, 256)));
    expect([...decodeTile(raw, { width: 2, height: 2, bits: 8, channels: 3 })]).toEqual(planes.flat());
  });

  it("refuse too few bytes", () => {
    expect(() => decodeTile(new Uint8Array(3), { width: 2, height: 2, bits: 8, channels: 1 })).toThrow(FormatError);
    expect(() => readValues(new Uint8Array(4), 2)).toThrow(FormatError);
  });

  it("are zlib streams", () => {
    expect(deflateSync(Uint8Array.of(1, 2, 3))[0]).toBe(0x78);
  });

  it("are smaller at the image's edge", () => {
    const index = {
      tile: 512, across: 3, down: 2, bits: 8, channels: 1, offset: 0, values: null, tiles: [],
    } as const;
    expect(tileBox(index, 1100, 600, 5)).toEqual({ x: 1024, y: 512, width: 76, height: 88 });
  });

  it("halve to the mean of four", () => {
    expect([...halved(Uint16Array.of(0, 4, 10, 10, 8, 4, 10, 10), 4, 2, 1)]).toEqual([4, 10]);
  });

  it("read negative values of an indexed picture", () => {
    const raw = new Uint8Array(Int32Array.of(-1000, 5, 70000).buffer);
    expect([...readValues(raw, 3)]).toEqual([-1000, 5, 70000]);
  });
});
