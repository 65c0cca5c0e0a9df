import * as dicomParser from "dicom-parser";
import type { DataSet } from "dicom-parser";
import { NoPreview } from "./no_preview";

export const IMPLICIT = "1.2.840.10008.1.2";
export const EXPLICIT = "1.2.840.10008.1.2.1";
export const BIG_ENDIAN = "1.2.840.10008.1.2.2";
export const DEFLATED = "1.2.840.10008.1.2.1.99";

const STEPS = [256 * 1024, 2 * 1024 * 1024, 16 * 1024 * 1024] as const;
const PIXEL_DATA = "x7fe00010";
const MOST_INFLATED_BYTES = 96 * 1024 * 1024;
const PREAMBLE = 132;

/** A DICOM header, and where its pixels lie in `file` (an inflated copy of a deflated one). */
export interface Header {
  readonly data: DataSet;
  readonly syntax: string;
  readonly file: Blob;
  /** Where PixelData's value begins. */
  readonly offset: number;
  /** Its length; null where it is encapsulated. */
  readonly length: number | null;
}

async function bytesOf(file: Blob, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

/**
 * Has the parser step over the Extended Offset Table (7FE0,0001) and its lengths (7FE0,0002): it does not know that
 * values of OV have long lengths (PS3.5 section 7.1.2), and those of OB have the same form.
 */
function withoutOv(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let at = bytes.indexOf(0xe0); at >= 0 && at + 6 <= bytes.length; at = bytes.indexOf(0xe0, at + 1)) {
    const [, second, element, zero, o, v] = bytes.subarray(at, at + 6);
    if (second === 0x7f && (element === 1 || element === 2) && zero === 0 && o === 0x4f && v === 0x56) {
      bytes[at + 5] = 0x42;
    }
  }
  return bytes;
}

/** The header alone: the first part of the file, and more of it only while PixelData has not been met. */
function parsed(bytes: Uint8Array, inflater?: () => Uint8Array): DataSet | null {
  try {
    const data = dicomParser.parseDicom(bytes, { untilTag: PIXEL_DATA, ...(inflater ? { inflater } : {}) });
    return data.elements[PIXEL_DATA] ? data : null;
  } catch {
    return null;
  }
}

/** Unpacks a deflated data set (PS3.5 section A.5), stopping where a preview is no longer worth the memory. */
async function inflated(file: Blob, from: number): Promise<Blob> {
  try {
    return await unpacked(file.slice(from));
  } catch {
    return unpacked(file.slice(from, -1)); // a byte of padding may follow the end
  }
}

async function unpacked(packed: Blob): Promise<Blob> {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    size += piece.value.length;
    if (size > MOST_INFLATED_BYTES) {
      await reader.cancel();
      throw new Error("it unpacks to too much");
    }
    pieces.push(new Uint8Array(piece.value));
  }
  return new Blob(pieces);
}

/** Where the group of file meta elements ends: its length stands in (0002,0000), PS3.10 section 7.1. */
function endOfMeta(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset);
  return PREAMBLE + 12 + view.getUint32(PREAMBLE + 8, true);
}

const LONG_VRS = new Set(["OB", "OW", "UN", "UT", "SQ"]);

/** The transfer syntax from the group of file meta elements, always explicit and little endian; "" where it is not. */
function syntaxOf(head: Uint8Array): string {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = PREAMBLE; at + 12 <= head.length && view.getUint16(at, true) === 2; ) {
    const long = LONG_VRS.has(String.fromCharCode(...head.subarray(at + 4, at + 6)));
    const length = long ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    const value = at + (long ? 12 : 8);
    if (view.getUint16(at + 2, true) === 0x10) {
      return String.fromCharCode(...head.subarray(value, value + Math.min(length, 64))).replace(/[\0 ]+$/, "");
    }
    at = value + length;
  }
  return "";
}

async function readDeflated(file: Blob, head: Uint8Array<ArrayBuffer>): Promise<Header> {
  const end = endOfMeta(head);
  const body = await inflated(file, end);
  const whole = new Blob([head.subarray(0, end), body]);
  for (const step of STEPS) {
    const bytes = await bytesOf(whole, 0, step);
    const data = parsed(bytes, () => bytes);
    if (data || bytes.length < step) {
      return headerOf(data, whole, EXPLICIT);
    }
  }
  return headerOf(null, whole, EXPLICIT);
}

function headerOf(data: DataSet | null, file: Blob, syntax: string): Header {
  const element = data?.elements[PIXEL_DATA];
  if (!data || !element) {
    throw new NoPreview("no_picture", "there is no picture in this file");
  }
  const length = element.hadUndefinedLength || element.length === 0xffffffff ? null : element.length;
  return { data, syntax, file, offset: element.dataOffset, length };
}

/** Reads a DICOM file's header without reading its pixels. Throws for what is not one, or has no picture. */
export async function readHeader(file: Blob): Promise<Header> {
  for (const step of STEPS) {
    const bytes = await bytesOf(file, 0, step);
    const syntax = syntaxOf(bytes);
    if (syntax === DEFLATED) {
      return readDeflated(file, bytes);
    }
    const data = parsed(bytes) ?? parsed(withoutOv(bytes));
    if (data || bytes.length < step) {
      return headerOf(data, file, syntax);
    }
  }
  throw new Error("the header is too long");
}
