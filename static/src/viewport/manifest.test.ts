// @vitest-environment node
import { describe, expect, it } from "vitest";
import { parseClipIndex, groupOf, middleOf } from "./clip_index";
import { parseManifest } from "./manifest";
import { manifestOf } from "./manifest_fixture";
import { sharpening } from "./picture";
import { ended, frameAt } from "./playing";

const REGION = { x0: 0, y0: 0, x1: 10, y1: 10, mm_per_px_x: 0.1, mm_per_px_y: 0.1, label: "mm" };

describe("a manifest", () => {
  it("of a picture whose original is still on its way has the tablet's preview", () => {
    const tablet = { id: "3".repeat(32), url: "/p", bytes: 30_000, width: 1024, height: 768 };
    const manifest = parseManifest(manifestOf({ state: "provisional", sha256: "", renditions: { tablet_preview: tablet } }));
    expect([manifest.state, manifest.renditions.tablet_preview, manifest.rows]).toEqual(["provisional", tablet, 1500]);
  });

  it("names the first field that is wrong", () => {
    expect(() => parseManifest(manifestOf({ rows: -1 }))).toThrow(/^rows /);
    expect(() => parseManifest(manifestOf({ kind: "film" }))).toThrow(/^kind /);
    expect(() => parseManifest(manifestOf({ window: { center: NaN, width: 1 } }))).toThrow(/^window.center /);
    expect(() => parseManifest([])).toThrow();
  });

  it("is refused with a spacing of zero, which real files carry", () => {
    const calibration = [{ ...REGION, mm_per_px_x: 0 }];
    expect(() => parseManifest(manifestOf({ calibration }))).toThrow(/^calibration\[0\].mm_per_px_x /);
  });

  it("says why a picture is held back", () => {
    expect(parseManifest(manifestOf()).hold).toBeNull();
    expect(parseManifest(manifestOf({ hold: { state: "open", fields: ["sex"] } })).hold).toEqual({ state: "open", fields: ["sex"], by: "", reason: "" });
    expect(() => parseManifest(manifestOf({ hold: { state: "shut", fields: [] } }))).toThrow(/^hold.state /);
  });

  it("may lack its pixels' fields while it is being prepared", () => {
    const { rows, columns, photometric, ...rest } = manifestOf({ state: "processing", progress: 0.3 });
    expect([rows, columns, photometric]).toHaveLength(3);
    expect(parseManifest(rest).columns).toBe(0);
    expect(() => parseManifest({ ...rest, state: "ready" })).toThrow(/^rows /);
  });
});

describe("a clip's index", () => {
  const frames = [[10, 1, 40000], [5, 0, 40000], [5, 0, 60000], [12, 1, 40000], [4, 0, 40000]];
  const json = {
    codec: "avc1.42E01E", description: btoa("abc"), width: 3, height: 3, coded_width: 4, coded_height: 4, frames,
  };

  it("knows where each frame lies and which decode together", () => {
    const index = parseClipIndex(json);
    expect(index.frames.map(({ offset }) => offset)).toEqual([0, 10, 15, 20, 32]);
    expect(index.bytes).toBe(36);
    expect(groupOf(index.frames, 2)).toEqual([0, 3]);
    expect(groupOf(index.frames, 3)).toEqual([3, 5]);
  });

  it("seeks to the middle of a frame", () => {
    expect(middleOf(parseClipIndex(json).frames, 2)).toBeCloseTo(0.11);
  });
});

describe("a running clip", () => {
  it("shows the same frame wherever the server's time is the same, and goes round", () => {
    const playing = { at: 1000, frame: 119, rate: 1 };
    expect([1000, 1039, 1040, 1080, 1120].map((now) => frameAt(playing, now, 120, 40))).toEqual([119, 119, 120, 1, 2]);
    expect(frameAt(playing, 900, 120, 40)).toBe(119);
    expect(ended(playing, 1079, 120, 40)).toBe(false);
    expect(ended(playing, 1080, 120, 40)).toBe(true);
  });
});

describe("lossless pixels", () => {
  const at = { scale: 0.4, previewScale: 0.5, toned: false, zoomedIn: false, asked: false, thrifty: false };

  it("are fetched for a changed window or a zoom beyond the preview, and for nothing less", () => {
    expect(sharpening(at)).toEqual({ full: false, lossless: false });
    expect(sharpening({ ...at, toned: true }).lossless).toBe(true);
    expect(sharpening({ ...at, scale: 0.8, zoomedIn: true })).toEqual({ full: true, lossless: true });
    expect(sharpening({ ...at, scale: 0.8 })).toEqual({ full: true, lossless: false });
  });

  it("wait to be asked for on a thin link", () => {
    expect(sharpening({ ...at, toned: true, thrifty: true }).lossless).toBe(false);
    expect(sharpening({ ...at, asked: true, thrifty: true }).lossless).toBe(true);
  });
});
