import type { NoPreviewReason } from "./no_preview";
import type { PreviewRequest, PreviewReply, TabletFacts } from "./preview_facts";

export type { TabletFacts } from "./preview_facts";

/** A small clip in the form that the viewport plays: access units back to back, and where each lies. */
export interface TabletClip {
  readonly bytes: Blob;
  /** As `viewport/clip_index.ts` reads it. */
  readonly index: Readonly<Record<string, unknown>>;
}

/** What this device could make of a file before the file itself is sent. */
export interface TabletPreview {
  readonly facts: TabletFacts;
  /** WebP, or JPEG where the browser cannot write WebP: at most 60 KB, at most 1024 px a side. */
  readonly still: Blob;
  /**
   * For moving pictures, once the still is gone: a small clip, or null where this device cannot make one.
   * `onProgress` gets 0 to 1. Rejects only when `signal` stops it.
   */
  readonly clip: ((signal: AbortSignal, onProgress: (share: number) => void) => Promise<TabletClip | null>) | null;
}

export type Progress = (share: number) => void;

const STILL_PATIENCE_MS = 20_000;
const CLIP_PATIENCE_MS = 120_000;

let spare: Worker | null = null;

function newWorker(): Worker | null {
  try {
    return new Worker(new URL("./preview_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return null; // an old browser: originals go alone
  }
}

/** Loads what previews are made with before a file is chosen, so that the first one does not wait for code. */
export function warmPreview(): void {
  if (spare === null) {
    spare = newWorker();
    spare?.postMessage({ kind: "warm" } satisfies PreviewRequest);
  }
}

/** Asks a worker of its own, which is gone afterwards with everything that it had in memory. */
function ask(
  request: PreviewRequest,
  patience: number,
  signal: AbortSignal,
  onProgress: Progress,
): Promise<PreviewReply | null> {
  signal.throwIfAborted();
  const worker = spare ?? newWorker();
  spare = null;
  if (!worker) {
    return Promise.resolve(null);
  }
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stopped);
      worker.terminate();
    };
    const give = (reply: PreviewReply | null): void => {
      end();
      resolve(reply);
    };
    const stopped = (): void => {
      end();
      reject(signal.reason instanceof Error ? signal.reason : new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => give({ kind: "none", why: "slow" }), patience);
    signal.addEventListener("abort", stopped);
    worker.onerror = () => give(null);
    worker.onmessage = ({ data }: MessageEvent<PreviewReply>) => {
      if (data.kind === "progress") {
        onProgress(data.share);
      } else {
        give(data);
      }
    };
    worker.postMessage(request);
  });
}

/**
 * A small picture of `file` with what its header says, made on this device in a worker; or why this device cannot: the
 * original then goes alone. Rejects only when `signal` stops it.
 */
export async function makePreview(file: File, signal: AbortSignal, onProgress: Progress): Promise<TabletPreview | NoPreviewReason> {
  const reply = await ask({ kind: "still", file }, STILL_PATIENCE_MS, signal, onProgress);
  warmPreview(); // the next file should not wait for code either
  if (reply?.kind !== "still") {
    return reply?.kind === "none" ? reply.why : "unreadable";
  }
  const { facts, still } = reply;
  const clip = async (stop: AbortSignal, tell: Progress): Promise<TabletClip | null> => {
    const made = await ask({ kind: "clip", file, facts }, CLIP_PATIENCE_MS, stop, tell);
    return made?.kind === "clip" ? { bytes: made.bytes, index: made.index } : null;
  };
  return { facts, still, clip: facts.kind === "clip" ? clip : null };
}
