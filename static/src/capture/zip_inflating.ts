import { Inflate } from "fflate";
import { createCRC32 } from "hash-wasm";

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

/** CRC-32, where the browser can count it. */
async function counter(): Promise<{ update(bytes: Uint8Array): unknown; digest(): string } | null> {
  try {
    return (await createCRC32()).init();
  } catch {
    return null; // WebAssembly may be switched off
  }
}

/** Unpacks raw deflate (RFC 1951). Rejects when it is damaged, becomes more than `size`, or is not what `crc` says. */
export async function inflated(packed: Blob, { size, crc, most }: Inflating): Promise<Blob> {
  const gathered = new Gathering();
  const check = most === Infinity ? await counter() : null;
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
  if (!so.ended || so.far !== size || (check && parseInt(check.digest(), 16) !== crc)) {
    throw new Error("the zip is damaged");
  }
  return gathered.settle();
}
