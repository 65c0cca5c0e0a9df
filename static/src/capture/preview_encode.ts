/** The longest side of a preview, as the server's own previews have it. */
export const PREVIEW_SIDE = 1024;
/** Facts and headers come on top: 64 KB in all. */
export const MOST_BYTES = 60_000;
const GOOD_BYTES = 40_000; // above this a little less quality is not seen, but a second less is
const QUALITIES = [0.8, 0.7, 0.6] as const;
const LOWER_QUALITIES = [0.5, 0.4, 0.3] as const;
const SMALLER = 0.8;
const LEAST_SIDE = 256;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size at which the longest side is at most `longest`; as imaging/renditions.py scales. */
export function fitted({ width, height }: Size, longest: number): Size {
  const ratio = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
}

export function context2d(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) {
    throw new Error("no canvas");
  }
  return context;
}

/** Draws `source` (of `size`) at most `longest` px a side. */
export function drawn(source: CanvasImageSource, size: Size, longest: number): OffscreenCanvas {
  const { width, height } = fitted(size, longest);
  const canvas = new OffscreenCanvas(width, height);
  const context = context2d(canvas);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}

async function written(canvas: OffscreenCanvas, quality: number): Promise<Blob> {
  const webp = await canvas.convertToBlob({ type: "image/webp", quality });
  return webp.type === "image/webp" ? webp : canvas.convertToBlob({ type: "image/jpeg", quality });
}

/** WebP (else JPEG) of at most 60 KB: less quality first, then fewer pixels. Throws for what no size would do. */
export async function encoded(canvas: OffscreenCanvas): Promise<Blob> {
  let blob: Blob | undefined;
  for (const quality of QUALITIES) {
    blob = await written(canvas, quality);
    if (blob.size <= GOOD_BYTES) {
      return blob;
    }
  }
  for (const quality of LOWER_QUALITIES) {
    if (blob && blob.size <= MOST_BYTES) {
      return blob;
    }
    blob = await written(canvas, quality);
  }
  const side = Math.max(canvas.width, canvas.height) * SMALLER;
  if (blob && blob.size <= MOST_BYTES) {
    return blob;
  }
  if (side < LEAST_SIDE) {
    throw new Error("the picture cannot be made small enough");
  }
  return encoded(drawn(canvas, canvas, side));
}
