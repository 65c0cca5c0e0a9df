import { Field } from "./parse";

export type Kind = "still" | "clip" | "document";
export type State = "received" | "processing" | "ready" | "unusable";
export type Photometric = "MONOCHROME1" | "MONOCHROME2" | "RGB";

export interface VoiWindow {
  readonly center: number;
  readonly width: number;
}

/** A rectangle of image pixels (half-open) in which one pixel is that many millimetres. */
export interface CalibrationRegion {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly mm_per_px_x: number;
  readonly mm_per_px_y: number;
  readonly label: "mm" | "mm at detector";
}

/** Why nobody may see it yet (`open`), or who said that it is this patient's after all, and why (`confirmed`). */
export interface Hold {
  readonly state: "open" | "confirmed";
  /** What differs: name, birth_date, sex, patient_id. */
  readonly fields: readonly string[];
  readonly by: string;
  readonly reason: string;
}

export interface Rendition {
  readonly id: string;
  readonly url: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
}

export interface TileIndex {
  readonly tile: number;
  readonly across: number;
  readonly down: number;
  readonly bits: 8 | 16;
  readonly channels: 1 | 3;
  readonly offset: number;
  /** How many distinct values there are when pixels hold indexes into a list of them. */
  readonly values: { readonly count: number } | null;
  /** [byte offset, byte length] of each tile, row by row. */
  readonly tiles: readonly (readonly [number, number])[];
}

export type TileRendition = Rendition & { readonly index: TileIndex };
export type ClipRendition = Rendition & { readonly index_url: string };

export interface Renditions {
  readonly thumbnail?: Rendition;
  readonly preview?: Rendition;
  readonly full?: Rendition;
  readonly tiles?: TileRendition;
  readonly clip?: ClipRendition;
  readonly clip_small?: ClipRendition;
  readonly clip_mp4?: Rendition;
}

/** What the server says of one instance: `GET /imaging/instances/<id>`. */
export interface InstanceManifest {
  readonly id: string;
  readonly sop_instance_uid: string;
  readonly study_id: string;
  readonly study_instance_uid: string;
  readonly kind: Kind;
  readonly state: State;
  readonly progress: number;
  readonly reason: string | null;
  readonly modality: string;
  readonly description: string;
  readonly file_name: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly frame_time_ms: number | null;
  readonly photometric: Photometric;
  readonly bits_stored: number;
  readonly orientation: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  readonly window: VoiWindow | null;
  readonly modality_lut: { readonly slope: number; readonly intercept: number };
  readonly pixel_range: { readonly min: number; readonly max: number };
  readonly calibration: readonly CalibrationRegion[];
  /** What cannot be trusted in what is shown. */
  readonly cautions: readonly string[];
  /** How well it was taken, and what to do better: never a reason not to look at it. */
  readonly advice: readonly string[];
  /** null while nothing speaks against its being this patient's. */
  readonly hold: Hold | null;
  readonly renditions: Renditions;
}

/** Sentences of a list of {code, text}; none where the list is missing. */
export function readNotes(field: Field): string[] {
  return field.missing ? [] : field.list().map((note) => note.get("text").text());
}

/** Reads what is said of whose picture it is. Throws a `FormatError`. */
export function readHold(field: Field): Hold {
  return {
    state: field.get("state").oneOf("open", "confirmed"),
    fields: field.get("fields").list().map((name) => name.text()),
    by: field.get("by").words(),
    reason: field.get("reason").words(),
  };
}

function readRendition(field: Field): Rendition {
  return {
    id: field.get("id").text(),
    url: field.get("url").text(),
    bytes: field.get("bytes").count(),
    width: field.get("width").count(1),
    height: field.get("height").count(1),
  };
}

function readClip(field: Field): ClipRendition {
  return { ...readRendition(field), index_url: field.get("index_url").text() };
}

function readTileIndex(field: Field): TileIndex {
  const across = field.get("across").count(1);
  const down = field.get("down").count(1);
  const tiles = field.get("tiles").list();
  return {
    tile: field.get("tile").count(16),
    across,
    down,
    bits: field.get("bits").oneOf(8, 16),
    channels: field.get("channels").oneOf(1, 3),
    offset: field.get("offset").number(),
    values: field.get("values").orNull((values) => ({ count: values.get("count").count(1) })),
    tiles: tiles.map((tile) => {
      const [offset, length] = tile.list();
      return [offset?.count() ?? 0, length?.count() ?? 0] as const;
    }),
  };
}

function readTiles(field: Field): TileRendition {
  return { ...readRendition(field), index: readTileIndex(field.get("index")) };
}

function readRenditions(field: Field): Renditions {
  const found: { -readonly [Name in keyof Renditions]: Renditions[Name] } = {};
  for (const name of ["thumbnail", "preview", "full", "clip_mp4"] as const) {
    const rendition = field.get(name).orNull(readRendition);
    if (rendition) {
      found[name] = rendition;
    }
  }
  for (const name of ["clip", "clip_small"] as const) {
    const clip = field.get(name).orNull(readClip);
    if (clip) {
      found[name] = clip;
    }
  }
  const tiles = field.get("tiles").orNull(readTiles);
  return tiles ? { ...found, tiles } : found;
}

function readRegion(field: Field): CalibrationRegion {
  return {
    x0: field.get("x0").number(),
    y0: field.get("y0").number(),
    x1: field.get("x1").number(),
    y1: field.get("y1").number(),
    // A spacing of zero is a lie that real files tell: never a length from it.
    mm_per_px_x: field.get("mm_per_px_x").positive(),
    mm_per_px_y: field.get("mm_per_px_y").positive(),
    label: field.get("label").oneOf("mm", "mm at detector"),
  };
}

function readWindow(field: Field): VoiWindow {
  return { center: field.get("center").number(), width: field.get("width").positive() };
}

/** Millimetres, intensities: what the pixels mean. */
function readMeaning(field: Field) {
  const orientation = field.get("orientation");
  const lut = field.get("modality_lut");
  const range = field.get("pixel_range");
  return {
    photometric: field.get("photometric").oneOf("MONOCHROME1", "MONOCHROME2", "RGB"),
    bits_stored: field.get("bits_stored").count(1),
    orientation: {
      left: orientation.get("left").words(),
      right: orientation.get("right").words(),
      top: orientation.get("top").words(),
      bottom: orientation.get("bottom").words(),
    },
    window: field.get("window").orNull(readWindow),
    modality_lut: { slope: lut.get("slope").number(), intercept: lut.get("intercept").number() },
    pixel_range: { min: range.get("min").number(), max: range.get("max").number() },
    calibration: field.get("calibration").list().map(readRegion),
  };
}

function readIdentity(field: Field) {
  return {
    id: field.get("id").text(),
    sop_instance_uid: field.get("sop_instance_uid").words(),
    study_id: field.get("study_id").words(),
    study_instance_uid: field.get("study_instance_uid").words(),
    kind: field.get("kind").oneOf("still", "clip", "document"),
    state: field.get("state").oneOf("received", "processing", "ready", "unusable"),
    progress: field.get("progress").orNull((value) => value.number()) ?? 0,
    reason: field.get("reason").orNull((value) => value.text()),
    modality: field.get("modality").words(),
    description: field.get("description").words(),
    file_name: field.get("file_name").words(),
    size_bytes: field.get("size_bytes").count(),
    sha256: field.get("sha256").words(),
    cautions: readNotes(field.get("cautions")),
    advice: readNotes(field.get("advice")),
    hold: field.get("hold").orNull(readHold),
  };
}

const UNKNOWN_PIXELS = {
  rows: 0,
  columns: 0,
  frames: 1,
  frame_time_ms: null,
  photometric: "MONOCHROME2",
  bits_stored: 8,
  orientation: { left: "", right: "", top: "", bottom: "" },
  window: null,
  modality_lut: { slope: 1, intercept: 0 },
  pixel_range: { min: 0, max: 255 },
  calibration: [],
} as const;

/**
 * Reads a manifest strictly: throws a `FormatError` that names the first wrong field. Of an instance that is not
 * ready or cannot be used the pixels' own fields may be missing: it then has neither rows nor columns.
 */
export function parseManifest(json: unknown): InstanceManifest {
  const field = new Field(json, "");
  const identity = readIdentity(field);
  const renditions = field.get("renditions").missing ? {} : readRenditions(field.get("renditions"));
  const known = !field.get("rows").missing && field.get("rows").count() > 0;
  if (!known && identity.state !== "ready") {
    return { ...identity, ...UNKNOWN_PIXELS, renditions };
  }
  return {
    ...identity,
    rows: field.get("rows").count(1),
    columns: field.get("columns").count(1),
    frames: field.get("frames").count(1),
    frame_time_ms: field.get("frame_time_ms").orNull((value) => value.positive()),
    ...readMeaning(field),
    renditions,
  };
}
