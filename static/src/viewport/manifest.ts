import { Field } from "./parse";
import { readSide, type ToldSide } from "./sides";

export type Kind = "still" | "clip" | "document";
/** provisional: only its sender's preview is here; `reason` then says why the original never came, if it did not. */
export type State = "provisional" | "received" | "processing" | "ready" | "unusable";
export type Photometric = "MONOCHROME1" | "MONOCHROME2" | "RGB";

export interface VoiWindow {
  readonly center: number;
  readonly width: number;
}

/** What one pixel counts: "" where it counts nothing that can be said. */
export type Unit = "mm" | "s" | "cm/s" | "";
export type LengthLabel = "mm" | "mm at detector" | "mm estimated";

/**
 * A rectangle of image pixels (half-open) with a scale of its own along and down. Both directions are mm where lengths
 * can be given; `label` says how far those may be believed and is "" elsewhere (traces of time, depth or speed).
 */
export interface CalibrationRegion {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly per_px_x: number;
  readonly per_px_y: number;
  readonly unit_x: Unit;
  readonly unit_y: Unit;
  readonly label: LengthLabel | "";
  /** Of a spectrum whose file says so: the row (image px) at which the speed is zero, and whether it grows upwards. */
  readonly baseline: { readonly y: number; readonly up: boolean } | null;
}

/** How a window's centre and width are meant: DICOM PS3.3 C.11.2.1. */
export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
/** [from this modality value on, level 0 to 255], rising: the file's own look, before anybody changes the window. */
export type VoiSteps = readonly (readonly [number, number])[];

/** What a frame's values and places mean. */
export interface Meaning {
  readonly orientation: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  readonly window: VoiWindow | null;
  readonly voi_function: VoiFunction;
  readonly voi_lut: VoiSteps | null;
  readonly modality_lut: { readonly slope: number; readonly intercept: number };
  readonly calibration: readonly CalibrationRegion[];
  /** Why no length can be given, in a sentence; null where one can. */
  readonly uncalibrated: string | null;
}

/** Of clips whose frames differ: `sets[of[frame - 1]]` holds of a frame. */
export interface PerFrame {
  readonly sets: readonly Meaning[];
  readonly of: readonly number[];
}

/** A ruler in the picture, as a person measured it: lengths are estimated by it. */
export interface Ruler {
  readonly length_mm: number;
  readonly by: string;
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
/** The lossless pixels of one frame (from 1) of a clip. */
export type FrameTiles = TileRendition & { readonly frame_number: number };
export type ClipRendition = Rendition & { readonly index_url: string };

export interface Renditions {
  readonly thumbnail?: Rendition;
  readonly tablet_preview?: Rendition;
  readonly tablet_clip?: ClipRendition;
  readonly preview?: Rendition;
  readonly full?: Rendition;
  readonly tiles?: TileRendition;
  readonly clip?: ClipRendition;
  readonly clip_small?: ClipRendition;
  readonly clip_mp4?: Rendition;
  /** What the file itself draws over its picture: `overlay_layers.ts` reads its index. */
  readonly overlays?: ClipRendition;
}

/** What the server says of one instance: `GET /imaging/instances/<id>`. */
export interface InstanceManifest extends Meaning {
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
  readonly pixel_range: { readonly min: number; readonly max: number };
  readonly per_frame: PerFrame | null;
  /** null where nobody measured a ruler in it. */
  readonly scale: Ruler | null;
  /** null where the file says which side is which, or nobody told it. */
  readonly side: ToldSide | null;
  /** What cannot be trusted in what is shown. */
  readonly cautions: readonly string[];
  /** How well it was taken, and what to do better: never a reason not to look at it. */
  readonly advice: readonly string[];
  /** null while nothing speaks against its being this patient's. */
  readonly hold: Hold | null;
  readonly renditions: Renditions;
  /** Of the frames that somebody paused on. */
  readonly frame_tiles: readonly FrameTiles[];
}

/** Whether lengths in it may be measured by a ruler: the file says none of its own, in any frame. */
export function takesRuler({ scale, calibration, per_frame: frames }: InstanceManifest): boolean {
  return scale !== null || (calibration.length === 0 && (frames?.sets ?? []).every((one) => one.calibration.length === 0));
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

function readFrameTiles(field: Field): FrameTiles[] {
  const each = field.missing ? [] : field.list();
  return each.map((one) => ({ ...readTiles(one), frame_number: one.get("frame_number").count(1) }));
}

function readRenditions(field: Field): Renditions {
  const found: { -readonly [Name in keyof Renditions]: Renditions[Name] } = {};
  for (const name of ["thumbnail", "tablet_preview", "preview", "full", "clip_mp4"] as const) {
    const rendition = field.get(name).orNull(readRendition);
    if (rendition) {
      found[name] = rendition;
    }
  }
  for (const name of ["clip", "clip_small", "tablet_clip", "overlays"] as const) {
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
    ...readScales(field),
    label: field.get("label").oneOf("mm", "mm at detector", "mm estimated", ""),
    baseline: field.get("zero_y").orNull((zero) => ({ y: zero.number(), up: field.get("up").value === true })),
  };
}

function readScales(field: Field): Pick<CalibrationRegion, "per_px_x" | "per_px_y" | "unit_x" | "unit_y"> {
  if (field.get("unit_x").missing) {
    // A spacing of zero is a lie that real files tell: never a length from it.
    const [x, y] = [field.get("mm_per_px_x").positive(), field.get("mm_per_px_y").positive()];
    return { per_px_x: x, per_px_y: y, unit_x: "mm", unit_y: "mm" };
  }
  const unit = (name: string): Unit => field.get(name).oneOf("mm", "s", "cm/s", "");
  const [unit_x, unit_y] = [unit("unit_x"), unit("unit_y")];
  return {
    per_px_x: unit_x === "" ? 0 : field.get("per_px_x").positive(),
    per_px_y: unit_y === "" ? 0 : field.get("per_px_y").positive(),
    unit_x,
    unit_y,
  };
}

function readWindow(field: Field): VoiWindow {
  return { center: field.get("center").number(), width: field.get("width").positive() };
}

function readStep(field: Field): readonly [number, number] {
  const [from, level] = field.list();
  return [from?.number() ?? 0, level?.number() ?? 0];
}

/** Millimetres, intensities: what the pixels mean. */
function readMeaning(field: Field): Meaning {
  const orientation = field.get("orientation");
  const lut = field.get("modality_lut");
  const plain = field.get("voi_function").missing;
  return {
    voi_function: plain ? "LINEAR" : field.get("voi_function").oneOf("LINEAR", "LINEAR_EXACT", "SIGMOID"),
    voi_lut: field.get("voi_lut").orNull((steps) => steps.list().map(readStep)),
    uncalibrated: field.get("uncalibrated").orNull((reason) => reason.text()),
    orientation: {
      left: orientation.get("left").words(),
      right: orientation.get("right").words(),
      top: orientation.get("top").words(),
      bottom: orientation.get("bottom").words(),
    },
    window: field.get("window").orNull(readWindow),
    modality_lut: { slope: lut.get("slope").number(), intercept: lut.get("intercept").number() },
    calibration: field.get("calibration").list().map(readRegion),
  };
}

function readPerFrame(field: Field): PerFrame {
  return {
    sets: field.get("sets").list().map(readMeaning),
    of: field.get("of").list().map((set) => set.count()),
  };
}

function readPixels(field: Field) {
  const range = field.get("pixel_range");
  return {
    photometric: field.get("photometric").oneOf("MONOCHROME1", "MONOCHROME2", "RGB"),
    bits_stored: field.get("bits_stored").count(1),
    pixel_range: { min: range.get("min").number(), max: range.get("max").number() },
    per_frame: field.get("per_frame").orNull(readPerFrame),
  };
}

function readIdentity(field: Field) {
  return {
    id: field.get("id").text(),
    sop_instance_uid: field.get("sop_instance_uid").words(),
    study_id: field.get("study_id").words(),
    study_instance_uid: field.get("study_instance_uid").words(),
    kind: field.get("kind").oneOf("still", "clip", "document"),
    state: field.get("state").oneOf("provisional", "received", "processing", "ready", "unusable"),
    progress: field.get("progress").orNull((value) => value.number()) ?? 0,
    reason: field.get("reason").orNull((value) => value.text()),
    modality: field.get("modality").words(),
    description: field.get("description").words(),
    file_name: field.get("file_name").words(),
    size_bytes: field.get("size_bytes").count(),
    sha256: field.get("sha256").words(),
    scale: field.get("scale").orNull((scale) => ({ length_mm: scale.get("length_mm").positive(), by: scale.get("by").words() })),
    side: field.get("side").orNull(readSide),
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
  voi_function: "LINEAR",
  voi_lut: null,
  calibration: [],
  uncalibrated: null,
  per_frame: null,
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
  if (!known && (identity.state !== "ready" || identity.kind === "document")) {
    return { ...identity, ...UNKNOWN_PIXELS, renditions, frame_tiles: [] };
  }
  return {
    ...identity,
    rows: field.get("rows").count(1),
    columns: field.get("columns").count(1),
    frames: field.get("frames").count(1),
    frame_time_ms: field.get("frame_time_ms").orNull((value) => value.positive()),
    ...readMeaning(field),
    ...readPixels(field),
    renditions,
    frame_tiles: readFrameTiles(field.get("frame_tiles")),
  };
}

/** What holds of one frame (frame_number, from 1). */
export function meaningOf(manifest: InstanceManifest, frame: number): Meaning {
  const { per_frame: own } = manifest;
  return own?.sets[own.of[frame - 1] ?? 0] ?? manifest;
}
