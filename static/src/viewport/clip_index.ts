import { Field, FormatError } from "./parse";

export interface ClipFrame {
  readonly offset: number;
  readonly length: number;
  readonly key: boolean;
  readonly duration_us: number;
}

/** Where each frame lies in a clip's bundle, and how to set up the decoder. */
export interface ClipIndex {
  readonly codec: string;
  readonly description: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly coded_width: number;
  readonly coded_height: number;
  readonly frames: readonly ClipFrame[];
  readonly bytes: number;
}

function base64(field: Field): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(field.text()), (character) => character.charCodeAt(0));
  } catch {
    throw new FormatError(field.name, "must be base64");
  }
}

/** Reads an index strictly; throws a `FormatError` naming the first wrong field. */
export function parseClipIndex(json: unknown): ClipIndex {
  const field = new Field(json, "");
  let bytes = 0;
  const frames = field.get("frames").list().map((frame) => {
    const [length, key, duration] = frame.list();
    const read = {
      offset: bytes,
      length: length?.count(1) ?? 0,
      key: key?.oneOf(0, 1) === 1,
      duration_us: duration?.count() ?? 0,
    };
    bytes += read.length;
    return read;
  });
  return {
    codec: field.get("codec").text(),
    description: base64(field.get("description")),
    width: field.get("width").count(1),
    height: field.get("height").count(1),
    coded_width: field.get("coded_width").count(1),
    coded_height: field.get("coded_height").count(1),
    frames,
    bytes,
  };
}

/** The frames that are decoded together with frame `index`: [from a key frame, up to before the next]. */
export function groupOf(frames: readonly ClipFrame[], index: number): readonly [number, number] {
  let first = index;
  while (first > 0 && frames[first]?.key === false) {
    first -= 1;
  }
  let end = index + 1;
  while (end < frames.length && frames[end]?.key === false) {
    end += 1;
  }
  return [first, end];
}

/** The time in seconds in the middle of frame `index`: seeking to its start lands on its neighbour a third of the time. */
export function middleOf(frames: readonly ClipFrame[], index: number): number {
  let start = 0;
  for (const frame of frames.slice(0, index)) {
    start += frame.duration_us;
  }
  return (start + (frames[index]?.duration_us ?? 0) / 2) / 1e6;
}
