import { fitted, type Size } from "./preview_encode";

/** The same maths as imaging/windows.py, so that the original's own renditions look the same when they come. */

export interface Window {
  readonly center: number;
  readonly width: number;
}

export type Stored = Uint8Array | Int8Array | Uint16Array | Int16Array;

const LOWER = 0.5;
const UPPER = 99.5;
const SAMPLES = 1_000_000;
const VALUES = 65_536 + 32_768; // of 16 bits, signed or not
const OFFSET = 32_768;

export function rangeOf(values: Stored): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  return values.length === 0 ? [0, 0] : [low, high];
}

/** Whether the window shows anything of pixels between `low` and `high` (modality units). */
export function sees(window: Window, low: number, high: number): boolean {
  return window.center - window.width / 2 < high && window.center + window.width / 2 > low;
}

/** A window over the middle 99 % of a frame's values, padding left out, in modality units. */
export function percentileWindow(
  values: Stored,
  size: Size,
  lut: { readonly slope: number; readonly intercept: number },
  padding: readonly [number, number] | null,
): Window {
  const step = Math.max(1, Math.trunc(Math.sqrt(values.length / SAMPLES)));
  const counts = new Uint32Array(VALUES); // counting them is ten times as fast as sorting them
  for (let row = 0; row < size.height; row += step) {
    for (let column = 0; column < size.width; column += step) {
      const at = (values[row * size.width + column] as number) + OFFSET;
      counts[at] = (counts[at] as number) + 1;
    }
  }
  const ends = [LOWER, UPPER].map((share) => percentile(without(counts, padding), share) * lut.slope + lut.intercept);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  return { center: tidy((low + high) / 2), width: tidy(Math.max(high - low, 1)) };
}

/** The counts without padding's values; all of them where there is nothing else. */
function without(counts: Uint32Array, padding: readonly [number, number] | null): Uint32Array {
  const kept = padding ? counts.slice().fill(0, Math.max(0, padding[0] + OFFSET), Math.max(0, padding[1] + OFFSET + 1)) : counts;
  return kept.some((count) => count > 0) ? kept : counts;
}

function percentile(counts: Uint32Array, share: number): number {
  const at = (share / 100) * (counts.reduce((sum, count) => sum + count, 0) - 1);
  const below = ranked(counts, Math.floor(at));
  return below + (at - Math.floor(at)) * (ranked(counts, Math.ceil(at)) - below);
}

/** The value at a place, from 0, were they sorted. */
function ranked(counts: Uint32Array, place: number): number {
  let passed = 0;
  const at = counts.findIndex((count) => (passed += count) > place);
  return Math.max(0, at) - OFFSET;
}

function tidy(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Levels 0 to 255 for the stored values low..high (linear VOI function, PS3.3 C.11.2.1.2.1). */
export function tableOfWindow(
  [low, high]: readonly [number, number],
  window: Window,
  lut: { readonly slope: number; readonly intercept: number },
): Uint8ClampedArray {
  const center = window.center - 0.5;
  const width = Math.max(window.width - 1, 1e-6);
  const table = new Uint8ClampedArray(high - low + 1); // clamps and rounds as the server's does
  for (let stored = low; stored <= high; stored++) {
    table[stored - low] = ((stored * lut.slope + lut.intercept - center) / width + 0.5) * 255;
  }
  return table;
}

/** How much each source pixel adds to each target pixel along one side: from `first` on, `count` weights each. */
interface Shares {
  readonly first: Int32Array;
  readonly count: number;
  readonly weights: Float32Array;
}

function shares(from: number, to: number): Shares {
  const step = from / to;
  const count = Math.min(from, Math.ceil(step) + 1);
  const first = new Int32Array(to);
  const weights = new Float32Array(to * count);
  for (let target = 0; target < to; target++) {
    const start = target * step;
    const end = Math.min(from, start + step);
    const begin = Math.min(Math.floor(start), from - count); // never beyond the last: weights there are 0
    for (let index = 0; index < count; index++) {
      const share = Math.min(end, begin + index + 1) - Math.max(start, begin + index);
      weights[target * count + index] = Math.max(0, share) / (end - start);
    }
    first[target] = begin;
  }
  return { first, count, weights };
}

/** Grey pixels through `table`, averaged down to at most `longest` px a side: RGBA for a canvas. */
export function scaledGrey(
  values: Stored,
  size: Size,
  look: { readonly table: Uint8ClampedArray; readonly low: number },
  longest: number,
): ImageData {
  const { width, height } = fitted(size, longest);
  const across = shares(size.width, width);
  const down = shares(size.height, height);
  const image = new ImageData(width, height);
  const sum = new Float32Array(width);
  for (let row = 0; row < height; row++) {
    sum.fill(0);
    for (let index = 0; index < down.count; index++) {
      const share = down.weights[row * down.count + index] as number;
      if (share > 0) {
        addRow(sum, values, ((down.first[row] as number) + index) * size.width, across, look, share);
      }
    }
    for (let column = 0; column < width; column++) {
      const grey = sum[column] as number;
      const at = (row * width + column) * 4;
      image.data[at] = image.data[at + 1] = image.data[at + 2] = grey;
      image.data[at + 3] = 255;
    }
  }
  return image;
}

function addRow(
  sum: Float32Array,
  values: Stored,
  start: number,
  { first, count, weights }: Shares,
  { table, low }: { readonly table: Uint8ClampedArray; readonly low: number },
  share: number,
): void {
  for (let column = 0, at = 0; column < sum.length; column++) {
    const from = start + (first[column] as number);
    let grey = 0;
    for (let index = 0; index < count; index++, at++) {
      grey += (table[(values[from + index] as number) - low] as number) * (weights[at] as number);
    }
    sum[column] = (sum[column] as number) + grey * share;
  }
}
