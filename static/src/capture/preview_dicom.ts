import type { DataSet } from "dicom-parser";
import { type ClipFrames, CLIP_SIDE } from "./preview_clip";
import { context2d, drawn, encoded, PREVIEW_SIDE } from "./preview_encode";
import type { TabletFacts } from "./preview_facts";
import { framesOf, readSpans, streamOf } from "./preview_fragments";
import { identityOf } from "./preview_identity";
import { type Header, readHeader } from "./preview_header";
import { type Layout, readLayout } from "./preview_layout";
import { decodeFrame, type Pixels } from "./preview_pixels";
import { paletteOf, paletted, voiTable } from "./preview_tables";
import { percentileWindow, rangeOf, scaledGrey, sees, type Stored, tableOfWindow, type Window } from "./preview_tone";

const REHEARSED_SIDE = 512;
const NO_LUT = { slope: 1, intercept: 0 };
const SHORTEST_MS = 2;
const LONGEST_MS = 10_000;
const UID = /^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/; // PS3.5 section 9.1

/** A DICOM file opened for its frames: each is read from the file when it is wanted. */
export interface OpenedDicom {
  readonly header: Header;
  readonly layout: Layout;
  frame(index: number): Promise<Pixels>;
}

async function openHeader(header: Header): Promise<OpenedDicom> {
  const layout = readLayout(header.data);
  const read = await frameReader(header, layout);
  return { header, layout, frame: async (index) => decodeFrame(await read(index), layout, header.syntax) };
}

async function frameReader(header: Header, layout: Layout): Promise<(index: number) => Promise<Uint8Array<ArrayBuffer>>> {
  if (header.length === null) {
    const frames = await framesOf(header, layout.frames);
    return (index) => readSpans(header.file, frames[index] ?? []);
  }
  const samples = layout.photometric === "YBR_FULL_422" ? 2 : layout.samples;
  const size = layout.rows * layout.columns * samples * (layout.allocated / 8);
  if (size * layout.frames > Math.min(header.length, header.file.size - header.offset)) {
    throw new Error("the file stops before its picture does");
  }
  return (index) => readSpans(header.file, [[header.offset + index * size, size]]);
}

/** How grey frames are shown: worked out once, from the first. */
export interface Look {
  readonly window: Window | null;
  readonly lut: { readonly slope: number; readonly intercept: number };
  readonly range: { readonly min: number; readonly max: number } | null;
  table(values: Stored): { readonly table: Uint8ClampedArray; readonly low: number };
}

function rescale(data: DataSet): { slope: number; intercept: number } {
  const slope = data.floatString("x00281053") ?? 0;
  const usable = slope !== 0 && Number.isFinite(slope) && !data.elements.x00283000;
  return usable ? { slope, intercept: data.floatString("x00281052") ?? 0 } : NO_LUT;
}

function headerWindow(data: DataSet): Window | null {
  const center = data.floatString("x00281050");
  const width = data.floatString("x00281051");
  const sound = center !== undefined && width !== undefined && Number.isFinite(center) && width >= 1 && width < 1e9;
  return sound ? { center, width } : null;
}

function padding(data: DataSet, signed: boolean): readonly [number, number] | null {
  const read = (tag: string): number | undefined => (signed ? data.int16(tag) : data.uint16(tag));
  const value = read("x00280120");
  if (value === undefined) {
    return null;
  }
  const other = read("x00280121") ?? value;
  return [Math.min(value, other), Math.max(value, other)];
}

export function lookOf({ header: { data }, layout }: OpenedDicom, values: Stored): Look {
  const lut = rescale(data);
  const [low, high] = rangeOf(values);
  const ends = [low * lut.slope + lut.intercept, high * lut.slope + lut.intercept];
  const range = { min: Math.min(...ends), max: Math.max(...ends) };
  const voi = voiTable(data, [low, high], lut);
  let window = voi?.window ?? headerWindow(data);
  if (!window || !sees(window, range.min, range.max)) {
    const size = { width: layout.columns, height: layout.rows };
    window = percentileWindow(values, size, lut, padding(data, layout.signed));
  }
  const shown = window;
  const negative = layout.photometric === "MONOCHROME1";
  const table = (of: Stored): { table: Uint8ClampedArray; low: number } => {
    const [least, most] = of === values ? [low, high] : rangeOf(of);
    const made = (of === values ? voi?.table : voiTable(data, [least, most], lut)?.table) ?? tableOfWindow([least, most], shown, lut);
    return { table: negative ? made.map((level) => 255 - level) : made, low: least };
  };
  return { window, lut, range, table };
}

function rgbCanvas(values: Uint8Array, layout: Layout): OffscreenCanvas {
  const canvas = new OffscreenCanvas(layout.columns, layout.rows);
  const image = new ImageData(layout.columns, layout.rows);
  for (let pixel = 0; pixel < layout.rows * layout.columns; pixel++) {
    image.data[pixel * 4] = values[pixel * 3] as number;
    image.data[pixel * 4 + 1] = values[pixel * 3 + 1] as number;
    image.data[pixel * 4 + 2] = values[pixel * 3 + 2] as number;
    image.data[pixel * 4 + 3] = 255;
  }
  context2d(canvas).putImageData(image, 0, 0);
  return canvas;
}

/** A frame as it looks, at most `longest` px a side. */
export function frameCanvas(pixels: Pixels, opened: OpenedDicom, look: Look | null, longest: number): OffscreenCanvas {
  const { layout, header } = opened;
  const size = { width: layout.columns, height: layout.rows };
  if (pixels.kind === "bitmap") {
    const canvas = drawn(pixels.bitmap, size, longest);
    pixels.bitmap.close();
    return canvas;
  }
  if (pixels.kind === "grey" && look) {
    const image = scaledGrey(pixels.values, size, look.table(pixels.values), longest);
    const canvas = new OffscreenCanvas(image.width, image.height);
    context2d(canvas).putImageData(image, 0, 0);
    return canvas;
  }
  const values = pixels.kind === "grey" ? paletted(pixels.values, paletteOf(header.data)) : pixels.values;
  return drawn(rgbCanvas(values, layout), size, longest);
}

function frameTime(data: DataSet): number | null {
  const sound = (time: number | undefined): time is number => time !== undefined && time >= SHORTEST_MS && time <= LONGEST_MS;
  const rate = data.intString("x00180040") ?? data.intString("x00082144");
  return [data.floatString("x00181063"), rate ? 1000 / rate : undefined].find(sound) ?? null;
}

function uidsOf(data: DataSet): Pick<TabletFacts, "sop_instance_uid" | "series_instance_uid" | "study_instance_uid"> {
  const uid = (tag: string): string => UID.exec((data.string(tag) ?? "").slice(0, 64))?.[0] ?? "";
  return { sop_instance_uid: uid("x00080018"), series_instance_uid: uid("x0020000e"), study_instance_uid: uid("x0020000d") };
}

function wordsOf(data: DataSet): Pick<TabletFacts, "modality" | "series_description" | "study_description" | "study_date"> {
  const text = (tag: string): string => (data.string(tag) ?? "").slice(0, 64);
  return {
    modality: /^[A-Z]{1,16}$/.exec(text("x00080060").toUpperCase())?.[0] ?? "OT",
    series_description: text("x0008103e"),
    study_description: text("x00081030"),
    study_date: /^\d{8}$/.exec(text("x00080020"))?.[0] ?? "",
  };
}

export function factsOf({ header: { data }, layout }: OpenedDicom, look: Look | null): TabletFacts {
  const grey = layout.samples === 1 && layout.photometric !== "PALETTE COLOR";
  return {
    kind: layout.frames === 1 ? "still" : "clip",
    media: "dicom",
    rows: layout.rows,
    columns: layout.columns,
    frames: layout.frames,
    frame_time_ms: layout.frames > 1 ? frameTime(data) : null,
    photometric: grey ? (layout.photometric === "MONOCHROME1" ? "MONOCHROME1" : "MONOCHROME2") : "RGB",
    bits_stored: grey ? layout.stored : 8,
    window: look?.window ?? null,
    modality_lut: look?.lut ?? NO_LUT,
    pixel_range: look?.range ?? null,
    ...uidsOf(data),
    ...wordsOf(data),
    sha256: "",
    identity: identityOf(data),
  };
}

/** The first frame of a DICOM file, small, and what its header says. */
export async function dicomStill(
  file: Blob,
  tell: (share: number) => void,
): Promise<{ readonly facts: TabletFacts; readonly still: Blob }> {
  const header = await readHeader(file);
  if (isVideo(header)) {
    return dicomVideoStill(header);
  }
  const opened = await openHeader(header);
  tell(0.3);
  const pixels = await opened.frame(0);
  tell(0.6);
  const grey = pixels.kind === "grey" && opened.layout.photometric !== "PALETTE COLOR";
  const look = grey ? lookOf(opened, pixels.values) : null;
  const facts = factsOf(opened, look);
  const still = await encoded(frameCanvas(pixels, opened, look, PREVIEW_SIDE));
  return { facts, still };
}

/** Goes through the motions on noise, so that the browser has compiled them when the first file comes. */
export async function rehearse(): Promise<void> {
  const size = { width: REHEARSED_SIDE, height: REHEARSED_SIDE };
  const values = Uint16Array.from({ length: size.width * size.height }, (_, index) => (index * 7919) % 4096);
  const window = percentileWindow(values, size, NO_LUT, null);
  const [low, high] = rangeOf(values);
  const image = scaledGrey(values, size, { table: tableOfWindow([low, high], window, NO_LUT), low }, REHEARSED_SIDE / 2);
  const canvas = new OffscreenCanvas(image.width, image.height);
  context2d(canvas).putImageData(image, 0, 0);
  await encoded(canvas);
}

async function* canvases(opened: OpenedDicom): AsyncGenerator<OffscreenCanvas> {
  let look: Look | null = null;
  for (let index = 0; index < opened.layout.frames; index++) {
    const pixels = await opened.frame(index);
    if (index === 0 && pixels.kind === "grey" && opened.layout.photometric !== "PALETTE COLOR") {
      look = lookOf(opened, pixels.values);
    }
    yield frameCanvas(pixels, opened, look, CLIP_SIDE);
  }
}

/** MPEG-2, MPEG-4 and HEVC transfer syntaxes (PS3.5 sections 8.2.5 to 8.2.12): one stream for all frames. */
function isVideo({ syntax }: Header): boolean {
  return /^1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?$/.test(syntax);
}

async function dicomVideoStill(header: Header): Promise<{ readonly facts: TabletFacts; readonly still: Blob }> {
  const { videoStill } = await import("./preview_video");
  const { facts: shown, still } = await videoStill(await streamOf(header));
  const { rows, columns, frames } = readLayout(header.data);
  const told = { ...uidsOf(header.data), ...wordsOf(header.data), identity: identityOf(header.data) };
  const time = frameTime(header.data) ?? shown.frame_time_ms;
  return { facts: { ...shown, ...told, media: "dicom_video", kind: "clip", rows, columns, frames, frame_time_ms: time }, still };
}

/** Every frame of a DICOM file, for a small clip. */
export async function dicomFrames(file: Blob): Promise<ClipFrames> {
  const header = await readHeader(file);
  if (isVideo(header)) {
    return (await import("./preview_video")).videoFrames(await streamOf(header));
  }
  const opened = await openHeader(header);
  const { columns: width, rows: height, frames: count } = opened.layout;
  return { size: { width, height }, count, frameMs: frameTime(opened.header.data), frames: () => canvases(opened) };
}
