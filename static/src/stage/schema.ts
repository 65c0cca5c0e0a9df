import { Field, FormatError } from "../viewport/parse";
import type { Playing } from "../viewport/playing";
import type { Rotation } from "../viewport/view";

/** The shared document's entries, as consult/stage/schema.py has them: plain JSON, replaced as a whole. */

export const COLOURS = ["#ffd400", "#3ddc84", "#4cc9ff", "#ff7ab8", "#ffffff"] as const;
export type Colour = (typeof COLOURS)[number];

export const KINDS = ["arrow", "line", "ellipse", "length"] as const;
export type AnnotationKind = (typeof KINDS)[number];

export const MOST_POINTS = 2000;
export const LONGEST_TEXT = 200;
const FARTHEST = 1e5;

/** A drawing on one frame. Points are x, y in turn, in image px: the first pixel's centre is (0.5, 0.5). */
export interface Annotation {
  readonly kind: AnnotationKind;
  readonly instance: string;
  readonly sop: string;
  readonly frame: number;
  readonly points: readonly number[];
  readonly text: string;
  readonly colour: Colour;
  readonly author: string;
  readonly author_name: string;
  readonly created_at: number;
}

export type ViewQuality = "tablet" | "preview" | "full" | "lossless" | "clip";

/** How one person looks at the stage. */
export interface View {
  readonly instance: string;
  readonly frame: number;
  readonly center: readonly [number, number];
  readonly zoom: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly rotation: Rotation;
  readonly flip: boolean;
  readonly invert: boolean;
  readonly window: { readonly center: number; readonly width: number } | null;
  readonly playing: Playing | null;
  readonly quality: ViewQuality;
}

/** A frame marked "use in report", as it was looked at. */
export interface KeyImage {
  readonly instance: string;
  readonly sop: string;
  readonly frame: number;
  readonly by: string;
  readonly by_name: string;
  readonly at: number;
  readonly view: View;
}

export function keyOf(instance: string, frame: number): string {
  return `${instance}/${frame}`;
}

/** Image coordinates are kept to a hundredth of a pixel. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function coordinate(field: Field): number {
  const value = field.number();
  if (Math.abs(value) > FARTHEST) {
    throw new FormatError(field.name, "is too far away");
  }
  return value;
}

function flag(field: Field): boolean {
  if (typeof field.value !== "boolean") {
    throw new FormatError(field.name, "must be true or false");
  }
  return field.value;
}

function short(field: Field): string {
  const text = field.text();
  if (text.length > LONGEST_TEXT) {
    throw new FormatError(field.name, `must have at most ${LONGEST_TEXT} characters`);
  }
  return text;
}

/** Reads an annotation strictly; throws a `FormatError` naming the first wrong field. */
export function parseAnnotation(json: unknown): Annotation {
  const field = new Field(json, "");
  const kind = field.get("kind").oneOf(...KINDS);
  const points = field.get("points").list().map(coordinate);
  const enough = kind === "line" ? points.length >= 4 : points.length === 4;
  if (!enough || points.length % 2 !== 0 || points.length > 2 * MOST_POINTS) {
    throw new FormatError("points", "must be x and y in turn: two points, or two and more for a line");
  }
  return {
    kind,
    points,
    instance: field.get("instance").text(),
    sop: field.get("sop").text(),
    frame: field.get("frame").count(1),
    text: short(field.get("text")),
    colour: field.get("colour").oneOf(...COLOURS),
    author: field.get("author").text(),
    author_name: short(field.get("author_name")),
    created_at: field.get("created_at").number(),
  };
}

function parsePlaying(field: Field): Playing {
  return {
    at: field.get("at").number(),
    frame: field.get("frame").positive(),
    rate: field.get("rate").positive(),
  };
}

/** Reads a view strictly; throws a `FormatError` naming the first wrong field. */
export function parseView(json: unknown): View {
  const field = new Field(json, "");
  const [x, y] = field.get("center").list();
  if (!x || !y) {
    throw new FormatError("center", "must be x and y");
  }
  return {
    instance: field.get("instance").text(),
    frame: field.get("frame").count(1),
    center: [coordinate(x), coordinate(y)],
    zoom: field.get("zoom").positive(),
    width_px: field.get("width_px").positive(),
    height_px: field.get("height_px").positive(),
    rotation: field.get("rotation").oneOf(0, 90, 180, 270),
    flip: flag(field.get("flip")),
    invert: flag(field.get("invert")),
    window: field.get("window").orNull((window) => ({
      center: window.get("center").number(),
      width: window.get("width").positive(),
    })),
    playing: field.get("playing").orNull(parsePlaying),
    quality: field.get("quality").oneOf("tablet", "preview", "full", "lossless", "clip"),
  };
}

/** Reads a key image strictly; throws a `FormatError` naming the first wrong field. */
export function parseKeyImage(json: unknown): KeyImage {
  const field = new Field(json, "");
  return {
    instance: field.get("instance").text(),
    sop: field.get("sop").text(),
    frame: field.get("frame").count(1),
    by: field.get("by").text(),
    by_name: short(field.get("by_name")),
    at: field.get("at").number(),
    view: parseView(field.get("view").value),
  };
}

/** What a reader gives, or null for an entry that breaks the schema: another's mistake must not stop the stage. */
export function readable<T>(parse: (json: unknown) => T, json: unknown): T | null {
  try {
    return parse(json);
  } catch {
    return null;
  }
}

/** Thirty-two hexadecimal digits that nobody else will choose. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
