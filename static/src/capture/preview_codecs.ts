import type { Layout } from "./preview_layout";

/** Decoders that browsers lack, each fetched when a file needs it; every one gives samples one after the other. */

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  decode(): void;
  delete(): void;
}

type Maker = new () => WasmDecoder;
type Factory<Name extends string> = (options: { locateFile: () => string }) => Promise<Readonly<Record<Name, Maker>>>;

function carryOut(make: Maker, bytes: Uint8Array, layout: Layout): Uint8Array<ArrayBuffer> {
  const decoder = new make();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    if (width !== layout.columns || height !== layout.rows || componentCount !== layout.samples) {
      throw new Error("the header's size is not the picture's");
    }
    const out = new Uint8Array(decoder.getDecodedBuffer()); // out of the codec's memory
    return spread(out, bitsPerSample <= 8 ? 1 : 2, layout.allocated / 8);
  } finally {
    decoder.delete();
  }
}

/** Samples of `from` bytes each as samples of `to` bytes. */
function spread(samples: Uint8Array<ArrayBuffer>, from: number, to: number): Uint8Array<ArrayBuffer> {
  if (from === to) {
    return samples;
  }
  return from < to ? new Uint8Array(Uint16Array.from(samples).buffer) : Uint8Array.from(new Uint16Array(samples.buffer));
}

async function opened<Name extends string>(factory: Factory<Name>, wasm: string, name: Name): Promise<Maker> {
  const codec = await factory({ locateFile: () => wasm });
  return codec[name];
}

export async function decodeJpegLs(bytes: Uint8Array, layout: Layout): Promise<Uint8Array<ArrayBuffer>> {
  const [{ default: factory }, { default: wasm }] = await Promise.all([
    import("@cornerstonejs/codec-charls/decodewasmjs"),
    import("@cornerstonejs/codec-charls/decodewasm?url"),
  ]);
  return carryOut(await opened(factory as Factory<"JpegLSDecoder">, wasm, "JpegLSDecoder"), bytes, layout);
}

export async function decodeJpeg2000(bytes: Uint8Array, layout: Layout): Promise<Uint8Array<ArrayBuffer>> {
  const [{ default: factory }, { default: wasm }] = await Promise.all([
    import("@cornerstonejs/codec-openjpeg/decodewasmjs"),
    import("@cornerstonejs/codec-openjpeg/decodewasm?url"),
  ]);
  return carryOut(await opened(factory as Factory<"J2KDecoder">, wasm, "J2KDecoder"), bytes, layout);
}

export async function decodeHtj2k(bytes: Uint8Array, layout: Layout): Promise<Uint8Array<ArrayBuffer>> {
  const [{ default: factory }, { default: wasm }] = await Promise.all([
    import("@cornerstonejs/codec-openjph/wasmjs"),
    import("@cornerstonejs/codec-openjph/wasm?url"),
  ]);
  return carryOut(await opened(factory as Factory<"HTJ2KDecoder">, wasm, "HTJ2KDecoder"), bytes, layout);
}

export async function decodeJpegLossless(
  bytes: Uint8Array<ArrayBuffer>,
  layout: Layout,
): Promise<Uint8Array<ArrayBuffer>> {
  const { Decoder } = await import("jpeg-lossless-decoder-js");
  const decoder = new Decoder();
  const decoded = decoder.decompress(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { dimX, dimY, precision } = decoder.frame;
  if (dimX !== layout.columns || dimY !== layout.rows) {
    throw new Error("the header's size is not the picture's");
  }
  return spread(new Uint8Array(decoded), precision <= 8 ? 1 : 2, layout.allocated / 8);
}
