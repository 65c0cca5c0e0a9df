import { decodeTile, inflate, type TileShape } from "./tiles";

interface Job extends TileShape {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Only the part of a worker's scope used here: the page's own types are loaded beside it. */
interface Scope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

declare const self: Scope;

async function carryOut(job: Job): Promise<void> {
  try {
    const codes = decodeTile(await inflate(job.bytes), job);
    self.postMessage({ id: job.id, codes }, [codes.buffer]);
  } catch (error) {
    self.postMessage({ id: job.id, error: String(error) }, []);
  }
}

self.onmessage = (event) => void carryOut(event.data);
