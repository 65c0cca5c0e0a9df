import type { Header } from "./preview_header";

type Span = readonly [offset: number, length: number];

const MOST_FRAGMENTS = 20_000;
const WINDOW = 64 * 1024;
const ITEM = 0xe000fffe;
const DELIMITER = 0xe0ddfffe;

/** Reads small pieces of a large file through one window, so that walking it costs few reads. */
class Reader {
  private bytes = new DataView(new ArrayBuffer(0));
  private start = 0;

  constructor(private readonly file: Blob) {}

  async words(offset: number): Promise<readonly [number, number] | null> {
    if (offset < this.start || offset + 8 > this.start + this.bytes.byteLength) {
      this.bytes = new DataView(await this.file.slice(offset, offset + WINDOW).arrayBuffer());
      this.start = offset;
    }
    const at = offset - this.start;
    return at + 8 <= this.bytes.byteLength ? [this.bytes.getUint32(at, true), this.bytes.getUint32(at + 4, true)] : null;
  }
}

/** The offset table's span, then each fragment's (PS3.5 section A.4). */
async function walk({ file, offset }: Header): Promise<Span[]> {
  const reader = new Reader(file);
  const spans: Span[] = [];
  let at = offset;
  for (let item = await reader.words(at); item?.[0] === ITEM; item = await reader.words(at)) {
    const [, length] = item;
    if (at + 8 + length > file.size || spans.length > MOST_FRAGMENTS) {
      throw new Error("the fragments do not fit the file");
    }
    spans.push([at + 8, length]);
    at += 8 + length;
  }
  const end = await reader.words(at);
  if (end?.[0] !== DELIMITER) {
    throw new Error("the fragments have no end");
  }
  return spans;
}

async function table({ file }: Header, [offset, length]: Span): Promise<number[]> {
  const view = new DataView(await file.slice(offset, offset + length).arrayBuffer());
  return Array.from({ length: Math.floor(view.byteLength / 4) }, (_, index) => view.getUint32(index * 4, true));
}

/** Which fragments begin a codestream (JPEG, JPEG-LS, JPEG 2000): where no table says where frames begin. */
async function beginnings({ file }: Header, fragments: readonly Span[]): Promise<number[]> {
  const found: number[] = [];
  for (const [index, [offset]] of fragments.entries()) {
    const [first, second, third] = new Uint8Array(await file.slice(offset, offset + 3).arrayBuffer());
    if (first === 0xff && third === 0xff && (second === 0xd8 || second === 0x4f)) {
      found.push(index);
    }
  }
  return found;
}

/** Every byte of all fragments, as one: a video lies in them as if they were a file. */
export async function streamOf(header: Header): Promise<Blob> {
  const [, ...fragments] = await walk(header);
  return new Blob(fragments.map(([offset, length]) => header.file.slice(offset, offset + length)));
}

/** The spans of each frame: one fragment each where the numbers agree, else as the offset table says. */
export async function framesOf(header: Header, frames: number): Promise<Span[][]> {
  const [first, ...fragments] = await walk(header);
  if (!first || fragments.length === 0) {
    throw new Error("there are no fragments");
  }
  if (frames === 1) {
    return [fragments];
  }
  if (fragments.length === frames) {
    return fragments.map((span) => [span]);
  }
  const offsets = await table(header, first);
  const base = fragments[0]?.[0] ?? 0;
  const starts =
    offsets.length > 0
      ? offsets.map((offset) => fragments.findIndex(([at]) => at - base === offset))
      : await beginnings(header, fragments);
  if (starts.length !== frames || starts.some((start, index) => start < 0 || start <= (starts[index - 1] ?? -1))) {
    throw new Error("frames and fragments do not fit");
  }
  return starts.map((start, index) => fragments.slice(start, starts[index + 1] ?? fragments.length));
}

/** One frame's bytes. */
export async function readSpans(file: Blob, spans: readonly Span[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts = spans.map(([offset, length]) => file.slice(offset, offset + length));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
