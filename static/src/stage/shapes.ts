import { formatLength, lengthBetween } from "../viewport/geometry";
import type { CalibrationRegion } from "../viewport/manifest";
import { apply, type Matrix, type Point } from "../viewport/view";
import { type Annotation, MOST_POINTS, rounded } from "./schema";

/** How an annotation looks on the screen and what lies under a finger: no DOM. */

const BARB_PX = 16;
const BARB_ANGLE = 0.5;
const TICK_PX = 7;

/** The points of an annotation, in image px. */
export function pointsOf(annotation: Pick<Annotation, "points">): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < annotation.points.length; i += 2) {
    points.push({ x: annotation.points[i] ?? 0, y: annotation.points[i + 1] ?? 0 });
  }
  return points;
}

export function flat(points: readonly Point[]): number[] {
  return points.flatMap(({ x, y }) => [rounded(x), rounded(y)]);
}

function onScreen(annotation: Annotation, matrix: Matrix): Point[] {
  return pointsOf(annotation).map((point) => apply(matrix, point));
}

function ends(points: readonly Point[]): readonly [Point, Point] {
  const first = points[0] ?? { x: 0, y: 0 };
  return [first, points[points.length - 1] ?? first];
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function polyline(points: readonly Point[]): string {
  return `M${points.map(at).join("L")}`;
}

function arrow(tail: Point, head: Point): string {
  const length = Math.hypot(head.x - tail.x, head.y - tail.y);
  const angle = Math.atan2(head.y - tail.y, head.x - tail.x);
  const barb = Math.min(BARB_PX, length * 0.6);
  const side = (turn: number): Point => ({
    x: head.x - barb * Math.cos(angle + turn),
    y: head.y - barb * Math.sin(angle + turn),
  });
  return polyline([tail, head]) + polyline([side(BARB_ANGLE), head, side(-BARB_ANGLE)]);
}

function ellipse(p: Point, q: Point): string {
  const [rx, ry] = [Math.abs(q.x - p.x) / 2, Math.abs(q.y - p.y) / 2];
  const y = (p.y + q.y) / 2;
  const [left, right] = [{ x: Math.min(p.x, q.x), y }, { x: Math.max(p.x, q.x), y }];
  const radii = `${rx.toFixed(1)} ${ry.toFixed(1)} 0 1 1`;
  return `M${at(left)}A${radii} ${at(right)}A${radii} ${at(left)}Z`;
}

function ruler(p: Point, q: Point): string {
  const angle = Math.atan2(q.y - p.y, q.x - p.x) + Math.PI / 2;
  const [dx, dy] = [TICK_PX * Math.cos(angle), TICK_PX * Math.sin(angle)];
  const tick = (point: Point): string =>
    polyline([{ x: point.x - dx, y: point.y - dy }, { x: point.x + dx, y: point.y + dy }]);
  return polyline([p, q]) + tick(p) + tick(q);
}

/** The SVG path of an annotation in screen px. */
export function pathOf(annotation: Annotation, matrix: Matrix): string {
  const points = onScreen(annotation, matrix);
  const [first, last] = ends(points);
  switch (annotation.kind) {
    case "arrow":
      return arrow(first, last);
    case "line":
      return polyline(points);
    case "ellipse":
      return ellipse(first, last);
    case "length":
      return ruler(first, last);
  }
}

/** What stands beside it: its text, and a length with its unit. */
export function captionOf(annotation: Annotation, calibration: readonly CalibrationRegion[]): string {
  if (annotation.kind !== "length") {
    return annotation.text;
  }
  const [from, to] = ends(pointsOf(annotation));
  const length = formatLength(lengthBetween(from, to, calibration));
  return annotation.text === "" ? length : `${annotation.text}: ${length}`;
}

/** Where the caption goes, in screen px: by the arrow's tail, above an ellipse, beside a ruler's end. */
export function captionPlace(annotation: Annotation, matrix: Matrix): Point {
  const points = onScreen(annotation, matrix);
  const [first, last] = ends(points);
  switch (annotation.kind) {
    case "ellipse":
      return { x: Math.min(first.x, last.x), y: Math.min(first.y, last.y) - 8 };
    case "length": {
      const right = last.x >= first.x ? last : first;
      return { x: right.x + 12, y: right.y - 8 };
    }
    case "arrow":
      return { x: first.x + 6, y: first.y + (last.y > first.y ? -10 : 20) };
    case "line":
      return { x: first.x + 6, y: first.y - 10 };
  }
}

/** Points that can be dragged, in screen px: none on a free line, which moves as a whole. */
export function handlesOf(annotation: Annotation, matrix: Matrix): Point[] {
  return annotation.kind === "line" ? [] : onScreen(annotation, matrix);
}

function toSegment(point: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / square;
  const part = Math.min(1, Math.max(0, along));
  const x = point.x - a.x - part * dx;
  const y = point.y - a.y - part * dy;
  return Math.sqrt(x * x + y * y); // several times faster than hypot, and called for every point of every line
}

function toPolyline(point: Point, points: readonly Point[]): number {
  let nearest = Infinity;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    nearest = Math.min(nearest, a && b ? toSegment(point, a, b) : Infinity);
  }
  return nearest;
}

function around(p: Point, q: Point): Point[] {
  const [cx, cy] = [(p.x + q.x) / 2, (p.y + q.y) / 2];
  const [rx, ry] = [Math.abs(q.x - p.x) / 2, Math.abs(q.y - p.y) / 2];
  return Array.from({ length: 33 }, (_, i) => {
    const angle = (i / 32) * 2 * Math.PI;
    return { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle) };
  });
}

/** How far a screen point is from what is drawn, in CSS px. */
export function distanceTo(annotation: Annotation, matrix: Matrix, point: Point): number {
  const points = onScreen(annotation, matrix);
  const [first, last] = ends(points);
  return toPolyline(point, annotation.kind === "ellipse" ? around(first, last) : points);
}

/** The same, moved by (dx, dy) image px. */
export function shifted(annotation: Annotation, dx: number, dy: number): Annotation {
  return { ...annotation, points: flat(pointsOf(annotation).map(({ x, y }) => ({ x: x + dx, y: y + dy }))) };
}

/** The same with its point `index` elsewhere. */
export function reshaped(annotation: Annotation, index: number, to: Point): Annotation {
  return { ...annotation, points: flat(pointsOf(annotation).map((point, i) => (i === index ? to : point))) };
}

/** A freehand line without the points that nobody would miss (Ramer, Douglas and Peucker), at most 2000. */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  // The search takes, at worst, the square of their number: a scribble is thinned before and, if need be, after.
  return every(thinned(every(points, 2 * MOST_POINTS), tolerance), MOST_POINTS);
}

/** At most `most` points, evenly chosen, with both ends. */
function every(points: readonly Point[], most: number): Point[] {
  const stride = Math.ceil(points.length / (most - 1));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

function thinned(points: readonly Point[], tolerance: number): Point[] {
  const keep = new Set([0, points.length - 1]);
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    const [a, b] = [points[from], points[to]];
    let farthest = -1;
    let most = tolerance;
    for (let i = from + 1; a && b && i < to; i++) {
      const point = points[i];
      const far = point ? toSegment(point, a, b) : 0;
      if (far > most) {
        farthest = i;
        most = far;
      }
    }
    if (farthest >= 0) {
      keep.add(farthest);
      open.push([from, farthest], [farthest, to]);
    }
  }
  return points.filter((_, i) => keep.has(i));
}
