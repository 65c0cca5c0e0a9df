// @vitest-environment node
import { describe, expect, it } from "vitest";
import { parseManifest } from "./manifest";
import { manifestOf } from "./manifest_fixture";
import levels from "../../../tests/imaging/voi_levels.json";
import { IDENTITY, level, renderedLut, storedLut } from "./voi_window";

describe("the linear VOI function", () => {
  it("follows PS3.3 C.11.2.1.2.1's own example of centre 2048 and width 4096", () => {
    const window = { center: 2048, width: 4096 };
    expect(level(0, window)).toBe(0);
    expect(level(4095, window)).toBeCloseTo(255, 5);
    expect(level(2047.5, window)).toBeCloseTo(127.5);
  });

  it("leaves 8-bit values alone with the window of colour", () => {
    expect([0, 1, 127, 254, 255].map((value) => Math.round(level(value, IDENTITY)))).toEqual([0, 1, 127, 254, 255]);
  });

  it("is a threshold when the width is 1", () => {
    const window = { center: 100, width: 1 };
    expect([99, 99.5, 100].map((value) => level(value, window))).toEqual([0, 0, 255]);
  });
});

describe("tables", () => {
  it("turn indexed codes into what they stand for, in modality units", () => {
    const manifest = parseManifest(manifestOf({ modality_lut: { slope: 2, intercept: -1000 } }));
    const codes = { size: 3, offset: 0, values: Int32Array.of(0, 500, 1000) };
    const lut = storedLut(manifest, codes, { window: { center: 0.5, width: 2001 }, invert: false });
    expect([...lut]).toEqual([0, 128, 255]);
  });

  it("show MONOCHROME1 white where it is low, and black when inverted", () => {
    const manifest = parseManifest(manifestOf({ photometric: "MONOCHROME1" }));
    const codes = { size: 256, offset: 0, values: null };
    expect(storedLut(manifest, codes, { window: IDENTITY, invert: false })[0]).toBe(255);
    expect(storedLut(manifest, codes, { window: IDENTITY, invert: true })[0]).toBe(0);
  });

  it("leave a rendition alone in its own window and invert it exactly", () => {
    const manifest = parseManifest(manifestOf({ window: { center: 500, width: 1000 }, photometric: "MONOCHROME1" }));
    const window = { center: 500, width: 1000 };
    expect(renderedLut(manifest, { window, invert: false })).toBeNull();
    const inverted = renderedLut(manifest, { window, invert: true });
    expect(inverted && [...inverted]).toEqual(Array.from({ length: 256 }, (_, i) => 255 - i));
  });

  it("agree with the lossless pixels about another window, as far as 8 bits go", () => {
    const manifest = parseManifest(manifestOf({ window: { center: 512, width: 1024 } }));
    const tone = { window: { center: 400, width: 600 }, invert: false };
    const stored = storedLut(manifest, { size: 1024, offset: 0, values: null }, tone);
    const rendered = renderedLut(manifest, tone);
    for (let value = 0; value < 1024; value++) {
      const shown = Math.round(level(value, { center: 512, width: 1024 }));
      expect(Math.abs((stored[value] ?? 0) - (rendered?.[shown] ?? 0))).toBeLessThanOrEqual(2);
    }
  });
});

interface Known {
  readonly manifest: Record<string, unknown>;
  readonly window: { readonly center: number; readonly width: number } | null;
  readonly stored: readonly number[];
  readonly levels: readonly number[];
}

describe("the server's own levels", () => {
  it.each(levels as readonly Known[])("are these, for case %#", ({ manifest: said, window, stored, levels: known }) => {
    const manifest = parseManifest(manifestOf(said));
    const codes = { size: stored.length, offset: 0, values: Int32Array.from(stored) };
    const tone = { window: window ?? manifest.window ?? IDENTITY, invert: false };
    expect([...storedLut(manifest, codes, tone)]).toEqual(known);
  });
});
