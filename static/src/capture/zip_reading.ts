import { cleanPath, type Found } from "./found";
import { inflated } from "./zip_inflating";

/**
 * A zip read where it lies: the list at its end first (PKWARE APPNOTE sections 4.3.12 to 4.3.16), then only what is
 * asked for. Nothing is unpacked as a whole, and no name of it is ever a path to write to.
 */

const END_MARK = 0x06054b50;
const END64_MARK = 0x06064b50;
const LOCATOR64_MARK = 0x07064b50;
const ENTRY_MARK = 0x02014b50;
const LOCAL_MARK = 0x04034b50;
const END_BYTES = 22;
const MOST_COMMENT = 65_535;
const MOST_LIST_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = 5000;
const MOST_BYTES = 8 * 1024 ** 3; // everything unpacked
const MOST_RATIO = 200; // pictures pack two or three times; a blank one some dozens
const FREE_BYTES = 64 * 1024 * 1024; // a small zip may unpack to this much whatever its ratio
const ENCRYPTED = 1;
const UTF8 = 1 << 11;
const STORED = 0;
const DEFLATED = 8;

/** Why a zip cannot be opened at all. */
export type ZipFault = "not_a_zip" | "too_many" | "too_much";

export class ZipError extends Error {
  constructor(readonly fault: ZipFault) {
    super(fault);
    this.name = "ZipError";
  }
}

/** One file inside; `locked` cannot be opened without a password, `odd` is packed in a way that is not known here. */
export interface ZipEntry extends Found {
  readonly trouble: "locked" | "odd" | null;
}

interface Listed {
  readonly path: string[];
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  readonly folder: boolean;
}

async function view(file: Blob, start: number, end: number): Promise<DataView> {
  return new DataView(await file.slice(Math.max(0, start), end).arrayBuffer());
}

function wide(data: DataView, at: number): number {
  return Number(data.getBigUint64(at, true)); // beyond 2^53 it is no file of ours
}

interface List {
  readonly entries: number;
  readonly bytes: number;
  readonly offset: number;
}

async function findList(file: Blob): Promise<List> {
  const start = Math.max(0, file.size - END_BYTES - MOST_COMMENT);
  const tail = await view(file, start, file.size);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END_MARK) {
      const list = { entries: tail.getUint16(at + 10, true), bytes: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true) };
      const large = at >= 20 && tail.getUint32(at - 20, true) === LOCATOR64_MARK;
      return large ? await findList64(file, wide(tail, at - 20 + 8)) : list;
    }
  }
  throw new ZipError("not_a_zip");
}

async function findList64(file: Blob, at: number): Promise<List> {
  const end = await view(file, at, at + 56);
  if (end.byteLength < 56 || end.getUint32(0, true) !== END64_MARK) {
    throw new ZipError("not_a_zip");
  }
  return { entries: wide(end, 32), bytes: wide(end, 40), offset: wide(end, 48) };
}

function nameOf(bytes: Uint8Array, flags: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(flags & UTF8 ? "utf-8" : "windows-1252").decode(bytes);
  }
}

/** Sizes and place of an entry beyond 4 GB: the extra field 0x0001 (APPNOTE section 4.5.3), only what did not fit. */
function largeValues(data: DataView, start: number, end: number, values: number[]): number[] {
  for (let at = start; at + 4 <= end; at += 4 + data.getUint16(at + 2, true)) {
    if (data.getUint16(at, true) === 1) {
      let next = at + 4;
      return values.map((value) => {
        const tooLarge = value === 0xffffffff && next + 8 <= end;
        next += tooLarge ? 8 : 0;
        return tooLarge ? wide(data, next - 8) : value;
      });
    }
  }
  return values;
}

function readList(data: DataView, most: number): Listed[] {
  const listed: Listed[] = [];
  let at = 0;
  while (at + 46 <= data.byteLength && data.getUint32(at, true) === ENTRY_MARK) {
    const [name, extra, comment] = [28, 30, 32].map((place) => data.getUint16(at + place, true)) as [number, number, number];
    const end = at + 46 + name + extra;
    if (listed.length >= most || end > data.byteLength) {
      throw new ZipError(listed.length >= most ? "too_many" : "not_a_zip");
    }
    const flags = data.getUint16(at + 8, true);
    const words = nameOf(new Uint8Array(data.buffer, data.byteOffset + at + 46, name), flags);
    const told = [24, 20, 42].map((place) => data.getUint32(at + place, true));
    const [size, packed, offset] = largeValues(data, at + 46 + name, end, told) as [number, number, number];
    const method = data.getUint16(at + 10, true);
    const crc = data.getUint32(at + 16, true);
    listed.push({ path: cleanPath(words), flags, method, crc, packed, size, offset, folder: /[/\\]$/.test(words) });
    at = end + comment;
  }
  return listed;
}

function refuseBombs(listed: readonly Listed[]): void {
  const packed = listed.reduce((sum, entry) => sum + entry.packed, 0);
  const size = listed.reduce((sum, entry) => sum + entry.size, 0);
  if (size > MOST_BYTES || size > Math.max(FREE_BYTES, MOST_RATIO * packed)) {
    throw new ZipError("too_much");
  }
}

async function packedBytes(file: Blob, entry: Listed): Promise<Blob> {
  const local = await view(file, entry.offset, entry.offset + 30);
  if (local.byteLength < 30 || local.getUint32(0, true) !== LOCAL_MARK) {
    throw new ZipError("not_a_zip");
  }
  const start = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  return file.slice(start, start + entry.packed);
}

function asFound(file: File, entry: Listed): ZipEntry {
  const trouble = entry.flags & ENCRYPTED ? "locked" : [STORED, DEFLATED].includes(entry.method) ? null : "odd";
  const plain = entry.method === STORED;
  const unpack = async (most: number): Promise<Blob> => {
    if (trouble !== null) {
      throw new ZipError("not_a_zip");
    }
    const packed = await packedBytes(file, entry);
    return plain ? packed.slice(0, most) : await inflated(packed, { size: entry.size, crc: entry.crc, most });
  };
  return {
    path: entry.path,
    size: entry.size,
    trouble,
    head: async (count) => new Uint8Array(await (await unpack(count)).arrayBuffer()),
    open: async () => new File([await unpack(Infinity)], entry.path.at(-1) ?? "file", { lastModified: file.lastModified }),
  };
}

/** The files in a zip, folders left out. Rejects with a ZipError, also for one that would unpack to far too much. */
export async function zipEntries(file: File): Promise<ZipEntry[]> {
  const list = await findList(file);
  if (list.entries > MOST_ENTRIES) {
    throw new ZipError("too_many");
  }
  if (list.bytes > MOST_LIST_BYTES || list.offset + list.bytes > file.size) {
    throw new ZipError("not_a_zip");
  }
  const listed = readList(await view(file, list.offset, list.offset + list.bytes), MOST_ENTRIES);
  refuseBombs(listed);
  return listed.filter((entry) => !entry.folder && entry.path.length > 0).map((entry) => asFound(file, entry));
}
