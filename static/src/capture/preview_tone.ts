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
  const sample: number[] = [];
  for (let row = 0; row < size.height; row += step) {
    for (let column = 0; column < size.width; column += step) {
      sample.push(values[row * size.width + column] as number);
    }
  }
  const kept = padding ? sample.filter((value) => value < padding[0] || value > padding[1]) : sample;
  const sorted = Float64Array.from(kept.length > 0 ? kept : sample).sort();
  const ends = [LOWER, UPPER].map((share) => percentile(sorted, share) * lut.slope + lut.intercept);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  return { center: tidy((low + high) / 2), width: tidy(Math.max(high - low, 1)) };
}

function percentile(sorted: Float64Array, share: number): number {
  const at = (share / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? below) - below);
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

/** How much each source pixel adds to each target pixel along one side. */
function shares(from: number, to: number): { first: Int32Array; weights: Float32Array[] } {
  const step = from / to;
  const first = new Int32Array(to);
  const weights: Float32Array[] = [];
  for (let target = 0; target < to; target++) {
    const start = target * step;
    const end = Math.min(from, start + step);
    const begin = Math.floor(start);
    const row = new Float32Array(Math.min(from, Math.ceil(end - 1e-9)) - begin);
    for (let index = 0; index < row.length; index++) {
      row[index] = (Math.min(end, begin + index + 1) - Math.max(start, begin + index)) / (end - start);
    }
    first[target] = begin;
    weights.push(row);
  }
  return { first, weights };
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
    const rows = down.weights[row] as Float32Array;
    for (let index = 0; index < rows.length; index++) {
      const start = ((down.first[row] as number) + index) * size.width;
      addRow(sum, values, start, across, look, rows[index] as number);
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
  across: { first: Int32Array; weights: Float32Array[] },
  { table, low }: { readonly table: Uint8ClampedArray; readonly low: number },
  share: number,
): void {
  for (let column = 0; column < sum.length; column++) {
    const weights = across.weights[column] as Float32Array;
    const from = start + (across.first[column] as number);
    let grey = 0;
    for (let index = 0; index < weights.length; index++) {
      grey += (table[(values[from + index] as number) - low] as number) * (weights[index] as number);
    }
    sum[column] = (sum[column] as number) + grey * share;
  }
}
