import type { Chosen } from "./chosen";
import type { AheadOutcome } from "./door";
import type { NoPreviewReason } from "./no_preview";

/**
 * Where other parts of the tablet's door hang in, so that the queue knows nothing of pixels.
 */

/** What this device made of a file before the file itself goes. */
export interface Prepared {
  /** A small picture for lists on this device, or null. */
  readonly face: Blob | null;
  /** What everybody should see first: it goes with the opening of the upload. */
  readonly along: FormData;
  /** Told what became of that. */
  settled(outcome: AheadOutcome): void;
  /** What else goes ahead of the original, once `along` of every other file is gone: a small clip. Rejects with an
   * `ApiError` when the link failed: it is tried again. */
  readonly more: ((uploadId: string, signal: AbortSignal) => Promise<void>) | null;
}

/** Makes something small of a file, or says why this device cannot. Rejects only when `signal` stops it. */
export type Prepare = (file: File, signal: AbortSignal) => Promise<Prepared | NoPreviewReason>;

/** Looks at a photo from the camera before it is queued: what is to be sent of it, best first; "again" for another. */
export type BeforeQueue = (photo: File) => Promise<readonly Chosen[] | "again">;

export interface Hooks {
  prepare: Prepare | null;
  beforeQueue: BeforeQueue | null;
}

/** Set by whoever offers them. Previews are loaded with the first file that is sent. */
export const hooks: Hooks = {
  prepare: null,
  beforeQueue: async (photo) => (await import("./film_dialog")).lookAtPhoto(photo),
};
