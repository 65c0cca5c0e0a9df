import { decodeJpegLs, decodeJpegLossless, decodeJpeg2000, decodeHtj2k } from "./preview_codecs";
import { NoPreview } from "./no_preview";
import type { Layout } from "./preview_layout";
import { BIG_ENDIAN, EXPLICIT, IMPLICIT } from "./preview_header";
import { rgbOfYbr, rgbOfYbr422, separated, unpackBits } from "./preview_colour";
import type { Stored } from "./preview_tone";

/** A decoded frame: grey stored values, RGB bytes, or what the browser's own decoder made. */
export type Pixels =
  | { readonly kind: "grey"; readonly values: Stored }
  | { readonly kind: "rgb"; readonly values: Uint8Array }
  | { readonly kind: "bitmap"; readonly bitmap: ImageBitmap };

const RLE = "1.2.840.10008.1.2.5";
const JPEG = "1.2.840.10008.1.2.4.";
const NATIVE = new Set([IMPLICIT, EXPLICIT, BIG_ENDIAN]);

/** Bytes of native pixels as the numbers they are, with unused high bits as the sign says. */
function stored(bytes: Uint8Array<ArrayBuffer>, layout: Layout, littleEndian: boolean): Stored {
  const count = layout.rows * layout.columns * layout.samples;
  if (bytes.length < count * (layout.allocated / 8)) {
    throw new Error("the frame stops before its picture does");
  }
  if (layout.allocated === 8) {
    return layout.signed ? new Int8Array(bytes.buffer, bytes.byteOffset, count) : bytes.subarray(0, count);
  }
  const values = words(bytes, count, littleEndian);
  const shift = 32 - layout.stored;
  const out = layout.signed ? new Int16Array(values.buffer) : values;
  for (let index = 0; index < count; index++) {
    const raw = values[index] as number;
    out[index] = layout.signed ? (raw << shift) >> shift : (raw << shift) >>> shift;
  }
  return out;
}

/** A copy as 16-bit numbers; every device that has a browser keeps numbers little end first. */
function words(bytes: Uint8Array<ArrayBuffer>, count: number, littleEndian: boolean): Uint16Array<ArrayBuffer> {
  const copy = bytes.slice(0, count * 2);
  if (!littleEndian) {
    for (let at = 0; at < copy.length; at += 2) {
      [copy[at], copy[at + 1]] = [copy[at + 1] as number, copy[at] as number];
    }
  }
  return new Uint16Array(copy.buffer);
}

function ofSamples(bytes: Uint8Array<ArrayBuffer>, layout: Layout, planar: boolean, littleEndian = true): Pixels {
  const values = stored(bytes, layout, littleEndian);
  if (layout.samples === 1) {
    return { kind: "grey", values };
  }
  if (layout.allocated !== 8) {
    throw new Error("deep colour is left to the server");
  }
  const mixed = planar ? separated(values as Uint8Array) : (values as Uint8Array);
  return { kind: "rgb", values: layout.photometric.startsWith("YBR") ? rgbOfYbr(mixed) : mixed };
}

function native(bytes: Uint8Array<ArrayBuffer>, layout: Layout, littleEndian: boolean): Pixels {
  if (layout.photometric === "YBR_FULL_422") {
    return { kind: "rgb", values: rgbOfYbr422(bytes, layout.rows * layout.columns) };
  }
  return ofSamples(bytes, layout, layout.planar, littleEndian);
}

/** RLE (PS3.5 annex G): one segment for each byte of each sample, the high byte first. */
function runLengths(bytes: Uint8Array<ArrayBuffer>, layout: Layout): Pixels {
  const size = layout.rows * layout.columns;
  const depth = layout.allocated / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== depth * layout.samples) {
    throw new Error("the segments do not fit the samples");
  }
  const starts = Array.from({ length: segments }, (_, index) => view.getUint32(4 + index * 4, true));
  const out = new Uint8Array(size * segments);
  starts.forEach((start, segment) => {
    const sample = Math.floor(segment / depth);
    const plane = unpackBits(bytes.subarray(start, starts[segment + 1] ?? bytes.length), size);
    const at = sample * size * depth + (depth - 1 - (segment % depth));
    for (let index = 0; index < size; index++) {
      out[at + index * depth] = plane[index] as number;
    }
  });
  return ofSamples(out, layout, true);
}

/** Baseline JPEG by the browser's own decoder; grey comes back as grey. */
async function baseline(bytes: Uint8Array<ArrayBuffer>, layout: Layout): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), {
    colorSpaceConversion: "none",
    imageOrientation: "none" as ImageOrientation,
  });
  if (bitmap.width !== layout.columns || bitmap.height !== layout.rows) {
    throw new Error("the header's size is not the picture's");
  }
  if (layout.samples === 3) {
    return { kind: "bitmap", bitmap };
  }
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
  return { kind: "grey", values: Uint8Array.from({ length: rgba.length / 4 }, (_, index) => rgba[index * 4] as number) };
}

/** Decodes one frame's bytes. Throws for what this device cannot read: the original then goes alone. */
export async function decodeFrame(bytes: Uint8Array<ArrayBuffer>, layout: Layout, syntax: string): Promise<Pixels> {
  if (NATIVE.has(syntax)) {
    return native(bytes, layout, syntax !== BIG_ENDIAN);
  }
  if (syntax === RLE) {
    return runLengths(bytes, layout);
  }
  switch (syntax.startsWith(JPEG) ? syntax.slice(JPEG.length) : "") {
    case "50":
      return baseline(bytes, layout);
    case "57":
    case "70":
      return ofSamples(await decodeJpegLossless(bytes, layout), layout, false);
    case "80":
    case "81":
      return ofSamples(await decodeJpegLs(bytes, layout), layout, false);
    case "90":
    case "91":
      return ofSamples(await decodeJpeg2000(bytes, layout), { ...layout, photometric: "RGB" }, false);
    case "201":
    case "202":
    case "203":
      return ofSamples(await decodeHtj2k(bytes, layout), { ...layout, photometric: "RGB" }, false);
    default:
      throw new NoPreview("encoding", `${syntax} is left to the server`);
  }
}
