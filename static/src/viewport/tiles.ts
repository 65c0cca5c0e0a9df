import { FormatError } from "./parse";
import type { TileIndex } from "./manifest";

/** Stored codes of one tile: channel after channel, row by row. */
export type Codes = Uint16Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

export interface TileShape {
  readonly width: number;
  readonly height: number;
  readonly bits: 8 | 16;
  readonly channels: 1 | 3;
}

/** The column, row and size of tile `number` (from 0, row by row) of an image of `columns` x `rows` px. */
export function tileBox(index: TileIndex, columns: number, rows: number, number: number) {
  const x = (number % index.across) * index.tile;
  const y = Math.floor(number / index.across) * index.tile;
  return { x, y, width: Math.min(index.tile, columns - x), height: Math.min(index.tile, rows - y) };
}

/** Inflates a zlib stream (RFC 1950) with the browser's own decoder. Rejects with a `TypeError` if it is broken. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Undoes the MED prediction (LOCO-I; ITU-T T.87 A.4.1) in place, modulo the array's own width. Outside the tile
 * the first pixel is predicted as 0, the first row from the left, the first column from above.
 */
export function undoPrediction(codes: Codes, start: number, width: number, height: number): void {
  for (let x = start + 1; x < start + width; x++) {
    codes[x] = at(codes, x) + at(codes, x - 1);
  }
  for (let y = 1; y < height; y++) {
    const row = start + y * width;
    codes[row] = at(codes, row) + at(codes, row - width);
    let left = at(codes, row);
    let corner = at(codes, row - width);
    for (let i = row + 1; i < row + width; i++) {
      const up = at(codes, i - width);
      const low = left < up ? left : up;
      const high = left < up ? up : left;
      const guess = corner >= high ? low : corner <= low ? high : left + up - corner;
      codes[i] = at(codes, i) + guess;
      left = at(codes, i);
      corner = up;
    }
  }
}

function at(codes: Codes, index: number): number {
  return codes[index] as number; // inside the array by construction; a check here doubles the decoder's time
}

/** Residuals as inflated -> stored codes. Throws a `FormatError` when there are too few or too many bytes. */
export function decodeTile(raw: Uint8Array<ArrayBuffer>, shape: TileShape): Codes {
  const pixels = shape.width * shape.height;
  const expected = pixels * shape.channels * (shape.bits / 8);
  if (raw.length !== expected) {
    throw new FormatError("tile", `holds ${raw.length} bytes instead of ${expected}`);
  }
  const codes = shape.bits === 8 ? raw : joined(raw, pixels, shape.channels);
  for (let channel = 0; channel < shape.channels; channel++) {
    undoPrediction(codes, channel * pixels, shape.width, shape.height);
  }
  return codes;
}

/** Low-byte plane and high-byte plane of each channel -> 16-bit numbers. */
function joined(raw: Uint8Array, pixels: number, channels: number): Uint16Array<ArrayBuffer> {
  const codes = new Uint16Array(pixels * channels);
  for (let channel = 0; channel < channels; channel++) {
    const low = channel * pixels * 2;
    const high = low + pixels;
    const out = channel * pixels;
    for (let i = 0; i < pixels; i++) {
      codes[out + i] = (raw[low + i] as number) | ((raw[high + i] as number) << 8);
    }
  }
  return codes;
}

/** The list that indexed codes point into: little-endian 32-bit integers. */
export function readValues(raw: Uint8Array<ArrayBuffer>, count: number): Int32Array {
  if (raw.length !== count * 4) {
    throw new FormatError("values", `hold ${raw.length} bytes instead of ${count * 4}`);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return Int32Array.from({ length: count }, (_, i) => view.getInt32(i * 4, true));
}

/** Every second pixel in both directions, averaged in fours: what a zoomed-out view is drawn from. */
export function halved(codes: Codes, width: number, height: number, channels: number): Codes {
  const w = Math.max(1, width >> 1);
  const h = Math.max(1, height >> 1);
  const out = codes instanceof Uint8Array ? new Uint8Array(w * h * channels) : new Uint16Array(w * h * channels);
  const right = width > 1 ? 1 : 0;
  const down = height > 1 ? width : 0;
  let next = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < h; y++) {
      let i = channel * width * height + y * 2 * width;
      for (let x = 0; x < w; x++, i += 2) {
        out[next++] = (at(codes, i) + at(codes, i + right) + at(codes, i + down) + at(codes, i + right + down) + 2) >> 2;
      }
    }
  }
  return out;
}
