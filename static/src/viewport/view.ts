/** Where an image stands in the viewport: pure maths, no DOM. Screen coordinates are CSS px from the top left. */

export type Rotation = 0 | 90 | 180 | 270;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** The image point in the viewport's middle, CSS px per image px, then a mirror (first) and a turn clockwise (second). */
export interface Placement {
  readonly center: Point;
  readonly zoom: number;
  readonly rotation: Rotation;
  readonly flip: boolean;
}

/** screen x = a x + c y + e, screen y = b x + d y + f, in the order that SVG and Canvas take. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const MOST_ZOOM = 24;
const LEAST_OF_FIT = 0.5;
/** A follower zooms in at most this much beyond what shows the presenter's whole viewport. */
const MOST_BEYOND_PRESENTER = 4;

/** Cosine and sine of a quarter turn, exact. */
function quarter(rotation: Rotation): readonly [number, number] {
  switch (rotation) {
    case 0:
      return [1, 0];
    case 90:
      return [0, 1];
    case 180:
      return [-1, 0];
    case 270:
      return [0, -1];
  }
}

function turned(rotation: number): Rotation {
  const quarters = ((Math.round(rotation / 90) % 4) + 4) % 4;
  return quarters === 0 ? 0 : quarters === 1 ? 90 : quarters === 2 ? 180 : 270;
}

/** The image's size as it lies on the screen. */
export function laidSize(image: Size, rotation: Rotation): Size {
  return rotation === 90 || rotation === 270 ? { width: image.height, height: image.width } : image;
}

/** Image px to screen CSS px. */
export function matrixOf(placement: Placement, viewport: Size): Matrix {
  const [cos, sin] = quarter(placement.rotation);
  const { zoom, center } = placement;
  const mirror = placement.flip ? -1 : 1;
  const a = zoom * cos * mirror;
  const b = zoom * sin * mirror;
  const c = -zoom * sin;
  const d = zoom * cos;
  return [
    a,
    b,
    c,
    d,
    viewport.width / 2 - (a * center.x + c * center.y),
    viewport.height / 2 - (b * center.x + d * center.y),
  ];
}

export function apply(matrix: Matrix, point: Point): Point {
  const [a, b, c, d, e, f] = matrix;
  return { x: a * point.x + c * point.y + e, y: b * point.x + d * point.y + f };
}

/** The matrix that undoes `matrix`; its zoom must not be zero. */
export function inverse(matrix: Matrix): Matrix {
  const [a, b, c, d, e, f] = matrix;
  const scale = 1 / (a * d - b * c);
  return [d * scale, -b * scale, -c * scale, a * scale, (c * f - d * e) * scale, (b * e - a * f) * scale];
}

/** `matrix` followed by an enlargement by `factor`. */
export function scaled([a, b, c, d, e, f]: Matrix, factor: number): Matrix {
  return [a * factor, b * factor, c * factor, d * factor, e * factor, f * factor];
}

export function toScreen(placement: Placement, viewport: Size, point: Point): Point {
  return apply(matrixOf(placement, viewport), point);
}

export function toImage(placement: Placement, viewport: Size, point: Point): Point {
  return apply(inverse(matrixOf(placement, viewport)), point);
}

/** The zoom at which the whole image just fits. */
export function fitZoom(image: Size, viewport: Size, rotation: Rotation): number {
  const laid = laidSize(image, rotation);
  return Math.min(viewport.width / laid.width, viewport.height / laid.height);
}

/** The whole image, centred; keeps the turn and the mirror of `now` if there is one. */
export function fit(image: Size, viewport: Size, now?: Placement): Placement {
  const rotation = now?.rotation ?? 0;
  return {
    center: { x: image.width / 2, y: image.height / 2 },
    zoom: fitZoom(image, viewport, rotation),
    rotation,
    flip: now?.flip ?? false,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** Keeps the image's edge from crossing the middle of the viewport and the zoom within reason. */
export function confined(placement: Placement, image: Size, viewport: Size): Placement {
  const whole = fitZoom(image, viewport, placement.rotation);
  return {
    ...placement,
    center: { x: clamp(placement.center.x, 0, image.width), y: clamp(placement.center.y, 0, image.height) },
    zoom: clamp(placement.zoom, Math.min(whole, 1) * LEAST_OF_FIT, Math.max(MOST_ZOOM, whole)),
  };
}

/** Moves the image by (dx, dy) CSS px on the screen. */
export function pan(placement: Placement, dx: number, dy: number): Placement {
  const viewport = { width: 0, height: 0 };
  return { ...placement, center: toImage(placement, viewport, { x: -dx, y: -dy }) };
}

/** Zooms by `factor` so that the image point under the screen point `at` stays under it. */
export function zoomAt(placement: Placement, viewport: Size, factor: number, at: Point): Placement {
  return anchored({ ...placement, zoom: placement.zoom * factor }, viewport, toImage(placement, viewport, at), at);
}

/** The same zoom and turn, moved so that the image point `point` lies under the screen point `at`. */
export function anchored(placement: Placement, viewport: Size, point: Point, at: Point): Placement {
  const now = toScreen(placement, viewport, point);
  return pan(placement, at.x - now.x, at.y - now.y);
}

/** A quarter turn clockwise on the screen. */
export function rotated(placement: Placement): Placement {
  return { ...placement, rotation: turned(placement.rotation + 90) };
}

/** Mirrors left and right as seen on the screen, whatever the turn: mirror after turn = turn back after mirror. */
export function flipped(placement: Placement): Placement {
  return { ...placement, flip: !placement.flip, rotation: turned(-placement.rotation) };
}

/** The part of the image that shows, as a box in image px; of no size when nothing shows. */
export function visibleRect(placement: Placement, viewport: Size, image: Size): Rect {
  const back = inverse(matrixOf(placement, viewport));
  const p = apply(back, { x: 0, y: 0 });
  const q = apply(back, { x: viewport.width, y: viewport.height });
  const x0 = clamp(Math.min(p.x, q.x), 0, image.width);
  const y0 = clamp(Math.min(p.y, q.y), 0, image.height);
  return {
    x0,
    y0,
    x1: Math.max(x0, clamp(Math.max(p.x, q.x), 0, image.width)),
    y1: Math.max(y0, clamp(Math.max(p.y, q.y), 0, image.height)),
  };
}

/**
 * What a follower with the viewport `mine` sees of a presenter's placement: the same piece of the image, as large
 * as fits. The black around the presenter's image is not a piece of it, so a small screen loses nothing to it.
 */
export function followed(presenter: Placement, theirs: Size, mine: Size, image: Size): Placement {
  const whole = presenter.zoom * Math.min(mine.width / theirs.width, mine.height / theirs.height);
  const seen = visibleRect(presenter, theirs, image);
  const piece = { width: seen.x1 - seen.x0, height: seen.y1 - seen.y0 };
  if (piece.width < 1 || piece.height < 1) {
    return { ...presenter, zoom: whole };
  }
  return {
    ...presenter,
    center: { x: (seen.x0 + seen.x1) / 2, y: (seen.y0 + seen.y1) / 2 },
    zoom: clamp(fitZoom(piece, mine, presenter.rotation), whole, whole * MOST_BEYOND_PRESENTER),
  };
}

/**
 * The same sight of an image that turns out to have another number of pixels than was said (`before` 1 x 1: nothing
 * was): a fitted image stays fitted, else what was in the middle stays there as large as it was.
 */
export function regauged(placement: Placement, before: Size, after: Size, viewport: Size, fitted: boolean): Placement {
  const across = after.width / before.width;
  const down = after.height / before.height;
  if (across === 1 && down === 1) {
    return placement;
  }
  if (fitted || (before.width === 1 && before.height === 1)) {
    return fit(after, viewport, placement);
  }
  const { center, zoom } = placement;
  return { ...placement, center: { x: center.x * across, y: center.y * down }, zoom: zoom / Math.max(across, down) };
}

/** Which edge of the image lies at which side of the screen, as an index into [left, top, right, bottom]. */
export function edgesOnScreen(rotation: Rotation, flip: boolean): readonly [number, number, number, number] {
  const quarters = rotation / 90;
  const mirrored = flip ? [2, 1, 0, 3] : [0, 1, 2, 3];
  const at = (side: number): number => mirrored[(side - quarters + 4) % 4] ?? 0;
  return [at(0), at(1), at(2), at(3)];
}
