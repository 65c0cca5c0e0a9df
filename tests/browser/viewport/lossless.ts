import { openFrames } from "../../../static/src/viewport/frames";
import type { InstanceManifest } from "../../../static/src/viewport/manifest";
import { TileDecoder } from "../../../static/src/viewport/tile_decoder";
import { TileStore } from "../../../static/src/viewport/tile_store";

/** One decoder for every picture of the page, as a viewport has one. */
const decoder = new TileDecoder();

async function wholeStore(manifest: InstanceManifest): Promise<TileStore> {
  const tiles = manifest.renditions.tiles;
  if (!tiles) {
    throw new Error("no tiles");
  }
  return new Promise((resolve) => {
    const store = new TileStore({
      manifest,
      tiles,
      decoder,
      changed: () => {
        if (store.share(all) === 1) {
          resolve(store);
        }
      },
    });
    const all = Array.from({ length: store.count }, (_, number) => number);
    store.want(all);
  });
}

/** The picture's stored values put together from its tiles: row by row, channels beside each other. */
function assembled(store: TileStore): Int32Array {
  const { channels, offset } = store.tiles.index;
  const out = new Int32Array(store.rows * store.columns * channels);
  for (let number = 0; number < store.count; number++) {
    const { x, y, width, height } = store.box(number);
    const codes = store.codes(number) ?? new Uint8Array(0);
    for (let i = 0; i < codes.length; i++) {
      const channel = Math.floor(i / (width * height));
      const [row, column] = [y + Math.floor((i % (width * height)) / width), x + (i % width)];
      const code = codes[i] ?? 0;
      out[(row * store.columns + column) * channels + channel] = store.values ? (store.values[code] ?? 0) : code + offset;
    }
  }
  return out;
}

/** SHA-256 of the pixels as numpy lays them out in `bytes` bytes each. */
export async function pixelSha256(manifest: InstanceManifest, bytes: 1 | 2, bigEndian: boolean): Promise<string> {
  const store = await wholeStore(manifest);
  const values = assembled(store);
  store.close();
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (let i = 0; i < values.length; i++) {
    if (bytes === 1) {
      view.setUint8(i, (values[i] ?? 0) & 0xff);
    } else {
      view.setUint16(i * 2, (values[i] ?? 0) & 0xffff, !bigEndian);
    }
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", view.buffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const SIDE = 48;

/** Every so many-th pixel's green, `SIDE` x `SIDE` of them: no scaling, so that both sides take the same ones. */
function sampled(bitmap: ImageBitmap): number[] {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  const { data } = context?.getImageData(0, 0, bitmap.width, bitmap.height) ?? { data: [] };
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const row = Math.floor(((Math.floor(i / SIDE) + 0.5) * bitmap.height) / SIDE);
    const column = Math.floor((((i % SIDE) + 0.5) * bitmap.width) / SIDE);
    return data[(row * bitmap.width + column) * 4 + 1] ?? 0;
  });
}

/** How many frames a clip has, and the asked ones (from 0) as the viewport's own source of frames gives them. */
export async function clipFrames(
  manifest: InstanceManifest,
  wanted: readonly number[],
): Promise<{ count: number; frames: number[][] }> {
  const clip = manifest.renditions.clip;
  if (!clip) {
    throw new Error("no clip");
  }
  const index = (await (await fetch(clip.index_url)).json()) as { frames: unknown[] };
  const source = await openFrames({ clip, mp4: undefined }, () => undefined);
  const frames: number[][] = [];
  for (const frame of wanted) {
    frames.push(sampled(await source.frame(frame)));
  }
  source.close();
  return { count: index.frames.length, frames };
}
