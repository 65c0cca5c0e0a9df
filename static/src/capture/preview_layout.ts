import type { DataSet } from "dicom-parser";

/** The Image Pixel module (PS3.3 C.7.6.3), as far as one frame's decoding needs it. */
export interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: 1 | 3;
  readonly photometric: string;
  readonly allocated: 8 | 16;
  readonly stored: number;
  readonly signed: boolean;
  readonly planar: boolean;
}

const MOST_PIXELS = 50_000_000; // as imaging/limits.py
const MOST_FRAMES = 10_000;
const GREY = new Set(["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"]);

/** Reads and checks the layout. Throws for what the server would refuse, or what is left to it. */
export function readLayout(data: DataSet): Layout {
  const number = (tag: string): number => data.uint16(tag) ?? 0;
  const rows = number("x00280010");
  const columns = number("x00280011");
  const frames = data.intString("x00280008") ?? 1;
  const allocated = number("x00280100");
  const stored = number("x00280101");
  const photometric = (data.string("x00280004") ?? "").toUpperCase();
  const samples = GREY.has(photometric) ? 1 : 3;
  const sound =
    rows > 0 &&
    columns > 0 &&
    rows * columns <= MOST_PIXELS &&
    frames <= MOST_FRAMES &&
    stored > 0 &&
    stored <= allocated &&
    number("x00280002") === samples;
  if (!sound || (allocated !== 8 && allocated !== 16)) {
    throw new Error("this picture is left to the server");
  }
  return {
    rows,
    columns,
    frames: Math.max(1, frames),
    samples,
    photometric,
    allocated,
    stored,
    signed: number("x00280103") === 1,
    planar: number("x00280006") === 1,
  };
}
