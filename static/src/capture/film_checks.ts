import type { Pixels, Quad } from "./film_geometry";
import { isConvex } from "./film_geometry";

/** What can be seen of a film's photo on this device: where the film lies, and whether light hides part of it. */

const SATURATED = 250;
const BLOCK = 4;
const LEAST_FILM = 0.15;
const MOST_FILM = 0.97;

function levels({ width, height, data }: Pixels): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(((data[4 * i] ?? 0) + 2 * (data[4 * i + 1] ?? 0) + (data[4 * i + 2] ?? 0)) / 4),
  );
}

/**
 * How sharp a photo is beside another of the same thing by the same camera: the variance of its Laplacian. Says nothing
 * by itself: a sharp picture of little is below a blurred one of much.
 */
export function sharpness(photo: Pixels): number {
  const { width, height } = photo;
  const grey = levels(photo);
  let [sum, squares] = [0, 0];
  for (let row = 1; row < height - 1; row++) {
    for (let at = row * width + 1; at < (row + 1) * width - 1; at++) {
      const around = (grey[at - 1] ?? 0) + (grey[at + 1] ?? 0) + (grey[at - width] ?? 0) + (grey[at + width] ?? 0);
      const edge = around - 4 * (grey[at] ?? 0);
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}

const BLURRED = 0.6;

/** Of a burst's scores: which is the sharpest, and which are plainly blurred beside it (or beside an earlier burst). */
export function judged(scores: readonly number[], best = 0): { readonly sharpest: number; readonly blurred: readonly boolean[] } {
  const top = Math.max(...scores, best);
  return { sharpest: scores.indexOf(Math.max(...scores)), blurred: scores.map((score) => score < BLURRED * top) };
}

/** The level that parts dark from bright best (Otsu 1979). */
export function otsu(grey: Uint8Array): number {
  const counts = new Float64Array(256);
  grey.forEach((level) => (counts[level] = (counts[level] ?? 0) + 1));
  const total = counts.reduce((sum, count, level) => sum + count * level, 0);
  let [below, sumBelow, best, at] = [0, 0, -1, 127];
  for (let level = 0; level < 255; level++) {
    below += counts[level] ?? 0;
    sumBelow += level * (counts[level] ?? 0);
    const above = grey.length - below;
    const apart = below > 0 && above > 0 ? below * above * (sumBelow / below - (total - sumBelow) / above) ** 2 : -1;
    if (apart > best) {
      [best, at] = [apart, level];
    }
  }
  return at;
}

/** The largest connected dark part, as its pixels' numbers. */
function largestDark(grey: Uint8Array, width: number, threshold: number): number[] {
  const seen = new Uint8Array(grey.length);
  let largest: number[] = [];
  for (let start = 0; start < grey.length; start++) {
    if (seen[start] || (grey[start] ?? 255) > threshold) {
      continue;
    }
    const part = [start];
    seen[start] = 1;
    for (const here of part) {
      const column = here % width;
      for (const next of [column > 0 ? here - 1 : -1, column < width - 1 ? here + 1 : -1, here - width, here + width]) {
        if (next >= 0 && next < grey.length && !seen[next] && (grey[next] ?? 255) <= threshold) {
          seen[next] = 1;
          part.push(next);
        }
      }
    }
    largest = part.length > largest.length ? part : largest;
  }
  return largest;
}

/** Corners a little inside the photo: where nothing better is known. */
export function insetCorners(width: number, height: number): Quad {
  const [x, y] = [width * 0.06, height * 0.06];
  return [{ x, y }, { x: width - x, y }, { x: width - x, y: height - y }, { x, y: height - y }];
}

/** Where the film seems to lie: the largest dark part on a brighter ground, its outermost corners. Take a small photo. */
export function proposedCorners(photo: Pixels): Quad {
  const { width, height } = photo;
  const grey = levels(photo);
  const film = largestDark(grey, width, otsu(grey));
  const share = film.length / grey.length;
  if (share < LEAST_FILM || share > MOST_FILM) {
    return insetCorners(width, height);
  }
  const most = (score: (x: number, y: number) => number): { x: number; y: number } => {
    let [best, at] = [-Infinity, 0];
    for (const pixel of film) {
      const value = score(pixel % width, Math.floor(pixel / width));
      if (value > best) {
        [best, at] = [value, pixel];
      }
    }
    return { x: (at % width) + 0.5, y: Math.floor(at / width) + 0.5 };
  };
  const quad: Quad = [most((x, y) => -x - y), most((x, y) => x - y), most((x, y) => x + y), most((x, y) => y - x)];
  return isConvex(quad) ? quad : insetCorners(width, height);
}

/** The share of the (straightened, small) film that lies in wholly saturated spots: 0 to 1. */
export function glare(film: Pixels): number {
  const grey = levels(film);
  const { width, height } = film;
  let [lost, all] = [0, 0];
  for (let top = 0; top + BLOCK <= height; top += BLOCK) {
    for (let left = 0; left + BLOCK <= width; left += BLOCK) {
      let full = true;
      for (let i = 0; full && i < BLOCK * BLOCK; i++) {
        full = (grey[(top + Math.floor(i / BLOCK)) * width + left + (i % BLOCK)] ?? 0) >= SATURATED;
      }
      lost += full ? 1 : 0;
      all++;
    }
  }
  return all === 0 ? 0 : lost / all;
}
