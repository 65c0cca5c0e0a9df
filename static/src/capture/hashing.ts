import type { HashReply } from "./hash_worker";
import { SendingProblem } from "./transfer";

let spare: Worker | null = null;

function newWorker(): Worker | null {
  try {
    return new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return null; // an old browser: the file goes unchecked
  }
}

/** Loads what counts before a file is chosen, so that the first one does not wait for code. */
export function warmHashing(): void {
  spare ??= newWorker();
}

/**
 * SHA-256 of a file in hexadecimal, counted piece by piece in a worker; null where this browser cannot count it.
 * Rejects with SendingProblem("unreadable") when the file cannot be read, and when `signal` stops it.
 */
export function sha256Of(file: Blob, signal: AbortSignal): Promise<string | null> {
  signal.throwIfAborted();
  const worker = spare ?? newWorker();
  spare = null;
  if (!worker) {
    return Promise.resolve(null);
  }
  return new Promise<string | null>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")), { once: true });
    worker.onerror = () => resolve(null); // no module workers: the file goes unchecked
    worker.onmessage = ({ data }: MessageEvent<HashReply>) => {
      if (data.unreadable) {
        reject(new SendingProblem({ kind: "unreadable" }));
      } else {
        resolve(data.sha256);
      }
    };
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}
