import { Inflate } from "fflate";

const PIECE = 256 * 1024;
const PART = 4 * 1024 * 1024;

export interface Inflating {
  /** Bytes that the zip says it will be; more are refused. */
  readonly size: number;
  readonly crc: number;
  /** Only the first so many bytes are wanted (unchecked), or Infinity for all of it. */
  readonly most: number;
}

/** Bytes gathered piece by piece into a Blob, which browsers lay on the disk when it grows: never all in memory. */
class Gathering {
  private blob = new Blob([]);
  private parts: BlobPart[] = [];
  private waiting = 0;

  add(bytes: Uint8Array): void {
    this.parts.push(bytes.slice());
    this.waiting += bytes.length;
    if (this.waiting >= PART) {
      this.settle();
    }
  }

  settle(): Blob {
    this.blob = new Blob([this.blob, ...this.parts]);
    this.parts = [];
    this.waiting = 0;
    return this.blob;
  }
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return rest;
});

/** CRC-32 (RFC 1952 section 8). In plain code, for pages may run no WebAssembly and every file is to be checked. */
class Crc32 {
  private rest = 0xffffffff;

  update(bytes: Uint8Array): void {
    let { rest } = this;
    for (const byte of bytes) {
      rest = (CRC[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8);
    }
    this.rest = rest;
  }

  get value(): number {
    return (this.rest ^ 0xffffffff) >>> 0;
  }
}

/** Unpacks raw deflate (RFC 1951). Rejects when it is damaged, becomes more than `size`, or is not what `crc` says. */
export async function inflated(packed: Blob, { size, crc, most }: Inflating): Promise<Blob> {
  const gathered = new Gathering();
  const check = most === Infinity ? new Crc32() : null;
  const so = { far: 0, ended: false };
  const engine = new Inflate((bytes, final) => {
    so.far += bytes.length;
    so.ended = final;
    if (so.far > size) {
      throw new Error("more comes out of the zip than it says");
    }
    check?.update(bytes);
    gathered.add(bytes);
  });
  for (let start = 0; start < packed.size && so.far < most; start += PIECE) {
    const end = Math.min(start + PIECE, packed.size);
    engine.push(new Uint8Array(await packed.slice(start, end).arrayBuffer()), end === packed.size);
  }
  if (most !== Infinity) {
    return gathered.settle().slice(0, most);
  }
  if (!so.ended || so.far !== size || (check && check.value !== crc)) {
    throw new Error("the zip is damaged");
  }
  return gathered.settle();
}
