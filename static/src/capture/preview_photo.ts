import { NoPreview } from "./no_preview";
import { drawn, encoded, PREVIEW_SIDE } from "./preview_encode";
import type { FileKind } from "./preview_kind";
import { photographFacts, type TabletFacts } from "./preview_facts";

const MOST_HASHED_BYTES = 32 * 1024 * 1024; // it is read into memory whole for this

export interface Still {
  readonly facts: TabletFacts;
  readonly still: Blob;
}

/** The hash that will name this file's instance at the server; "" for what is too large, or without HTTPS. */
export async function identityOf(file: Blob): Promise<string> {
  const digest = (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;
  if (!digest || file.size > MOST_HASHED_BYTES) {
    return "";
  }
  const hash = new Uint8Array(await digest.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function decoded(file: Blob, media: TabletFacts["media"]): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (error) {
    throw media === "heic" || media === "avif" ? new NoPreview("photo", "this browser has no decoder for it") : error;
  }
}

/** A photograph, turned upright by its EXIF; a canvas keeps nothing else of it. */
export async function photographStill(file: Blob, media: Exclude<FileKind, "dicom" | "video" | "unknown">): Promise<Still> {
  const [bitmap, sha256] = await Promise.all([decoded(file, media), identityOf(file)]);
  const { width, height } = bitmap;
  const still = await encoded(drawn(bitmap, { width, height }, PREVIEW_SIDE));
  bitmap.close();
  return { facts: { ...photographFacts(media, width, height), sha256 }, still };
}
