import type { Side } from "../viewport/sides";

/** Straightening a photographed film: corners, the perspective between them, and the pixels. No DOM, no colours judged. */

export interface Corner {
  readonly x: number;
  readonly y: number;
}

/** Top left, top right, bottom right, bottom left, in px of the photo. */
export type Quad = readonly [Corner, Corner, Corner, Corner];

/** Pixels as canvas has them: RGBA, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

const far = (a: Corner, b: Corner): number => Math.hypot(a.x - b.x, a.y - b.y);

/** How large the straightened film is, in px: the longer of each pair of opposite edges, at most `longest` a side. */
export function straightSize([a, b, c, d]: Quad, longest: number): { width: number; height: number } {
  const width = Math.max(far(a, b), far(d, c));
  const height = Math.max(far(a, d), far(b, c));
  const scale = Math.min(1, longest / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** How slanted it was taken: the longer edge of the worse pair over the shorter, 1 for none. */
export function slant([a, b, c, d]: Quad): number {
  const ratio = (p: number, q: number): number => Math.max(p, q) / Math.max(1, Math.min(p, q));
  return Math.max(ratio(far(a, b), far(d, c)), ratio(far(a, d), far(b, c)));
}

/** The corners as they are named once the film is turned clockwise by so many quarters. */
export function turned([a, b, c, d]: Quad, quarters: number): Quad {
  const ways: readonly Quad[] = [[a, b, c, d], [d, a, b, c], [c, d, a, b], [b, c, d, a]];
  return ways[quarters % 4] ?? [a, b, c, d];
}

/** What holds of the untouched photo when it was said of the film turned by so many quarters; null where nothing does. */
export function sideInPhoto(side: Side, quarters: number): Side | null {
  if (side !== "right_on_left" && side !== "left_on_left") {
    return side;
  }
  if (quarters === 2) {
    return side === "right_on_left" ? "left_on_left" : "right_on_left";
  }
  return quarters === 0 ? side : null;
}

/** Whether the corners go around once and no inner angle is flat or turned back. */
export function isConvex(quad: Quad): boolean {
  return quad.every((here, i) => {
    const next = quad[(i + 1) % 4] ?? here;
    const after = quad[(i + 2) % 4] ?? here;
    return (next.x - here.x) * (after.y - next.y) - (next.y - here.y) * (after.x - next.x) > 1;
  });
}

/**
 * The projective map from the unit square to the quad, as [a, b, c, d, e, f, g, h]:
 * x = (a u + b v + c) / (g u + h v + 1), y likewise (Heckbert 1989, section 2.2.3).
 */
export function fromUnitSquare([p, q, r, s]: Quad): readonly number[] {
  const dx = [q.x - r.x, s.x - r.x, p.x - q.x + r.x - s.x] as const;
  const dy = [q.y - r.y, s.y - r.y, p.y - q.y + r.y - s.y] as const;
  const det = dx[0] * dy[1] - dx[1] * dy[0];
  const g = (dx[2] * dy[1] - dx[1] * dy[2]) / det;
  const h = (dx[0] * dy[2] - dx[2] * dy[0]) / det;
  return [q.x - p.x + g * q.x, s.x - p.x + h * s.x, p.x, q.y - p.y + g * q.y, s.y - p.y + h * s.y, p.y, g, h];
}

/** The film alone, upright: each pixel between its four nearest in the photo. */
export function straightened(photo: Pixels, quad: Quad, width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = fromUnitSquare(quad);
  const out = new Uint8ClampedArray(width * height * 4);
  let at = 0;
  for (let row = 0; row < height; row++) {
    const v = (row + 0.5) / height;
    for (let column = 0; column < width; column++) {
      const u = (column + 0.5) / width;
      const w = g * u + h * v + 1;
      sample(photo, (a * u + b * v + c) / w - 0.5, (d * u + e * v + f) / w - 0.5, out, at);
      at += 4;
    }
  }
  return out;
}

function sample({ width, height, data }: Pixels, x: number, y: number, out: Uint8ClampedArray, at: number): void {
  const left = Math.max(0, Math.min(width - 1, Math.floor(x)));
  const top = Math.max(0, Math.min(height - 1, Math.floor(y)));
  const right = Math.min(width - 1, left + 1);
  const below = Math.min(height - 1, top + 1);
  const s = Math.max(0, Math.min(1, x - left));
  const t = Math.max(0, Math.min(1, y - top));
  for (let channel = 0; channel < 3; channel++) {
    const over = (data[(top * width + left) * 4 + channel] ?? 0) * (1 - s) + (data[(top * width + right) * 4 + channel] ?? 0) * s;
    const under = (data[(below * width + left) * 4 + channel] ?? 0) * (1 - s) + (data[(below * width + right) * 4 + channel] ?? 0) * s;
    out[at + channel] = over * (1 - t) + under * t;
  }
  out[at + 3] = 255;
}
