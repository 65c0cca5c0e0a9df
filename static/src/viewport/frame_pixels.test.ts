import { afterEach, expect, it, vi } from "vitest";
import { FramePixels } from "./frame_pixels";
import { parseManifest } from "./manifest";
import { manifestOf } from "./manifest_fixture";
import { TileDecoder } from "./tile_decoder";

const WHOLE = { x0: 0, y0: 0, x1: 64, y1: 48 };
const INDEX = { tile: 512, across: 1, down: 1, bits: 8, channels: 1, offset: 0, values: null, tiles: [[0, 4]] };

function clip(...frames: number[]) {
  const made = frames.map((frame) => ({
    frame_number: frame,
    id: String(frame).repeat(32).slice(0, 32),
    url: `/tiles-of-${frame}`,
    bytes: 4,
    width: 64,
    height: 48,
    index: INDEX,
  }));
  return parseManifest(manifestOf({ kind: "clip", rows: 48, columns: 64, frames: 20, frame_tiles: made }));
}

function setUp() {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string, options?: RequestInit) => {
    asked.push(`${options?.method ?? "GET"} ${url}`);
    const answer = { ok: true, status: 202, headers: new Headers({ "Content-Type": "application/json" }) };
    return Promise.resolve({ ...answer, json: () => Promise.resolve({}), arrayBuffer: () => Promise.resolve(new ArrayBuffer(4)) });
  });
  vi.spyOn(TileDecoder.prototype, "decode").mockResolvedValue(new Uint8Array(64 * 48));
  return { asked, pixels: new FramePixels({ decoder: new TileDecoder(), changed: () => undefined }) };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("asks the server once for a frame that nobody paused on before", () => {
  const { asked, pixels } = setUp();
  pixels.want(clip(), 7, WHOLE);
  pixels.want(clip(), 7, WHOLE);
  expect(asked).toEqual([`POST /imaging/instances/${"1".repeat(32)}/frames/7/tiles`]);
  expect(pixels.fetching(7)).toBe(true);
});

it("gives the pixels of the frame they are of, and of no other", async () => {
  const { asked, pixels } = setUp();
  pixels.want(clip(7), 7, WHOLE);
  await vi.waitFor(() => expect(pixels.share(7, WHOLE)).toBe(1));
  expect(asked).toEqual(["GET /tiles-of-7/0"]);
  expect(pixels.of(7)?.codes(0)?.length).toBe(64 * 48);
  expect(pixels.of(8)).toBeNull();
  expect(pixels.share(8, WHOLE)).toBe(0);
});

it("lets one frame's pixels go when another's are wanted", async () => {
  const { pixels } = setUp();
  pixels.want(clip(7, 8), 7, WHOLE);
  await vi.waitFor(() => expect(pixels.share(7, WHOLE)).toBe(1));
  pixels.want(clip(7, 8), 8, WHOLE);
  expect(pixels.of(7)).toBeNull();
});
