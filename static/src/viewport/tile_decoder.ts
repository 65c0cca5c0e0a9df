import { type Codes, decodeTile, inflate, type TileShape } from "./tiles";

interface Answer {
  readonly id: number;
  readonly codes?: Codes;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (codes: Codes) => void;
  readonly reject: (error: Error) => void;
  readonly again: () => Promise<Codes>;
}

/** Turns tiles' bytes into codes in a worker of its own, or here where workers are not to be had. */
export class TileDecoder {
  private worker: Worker | null = null;
  private broken = false;
  private next = 0;
  private readonly waiting = new Map<number, Waiting>();

  /** Rejects if the bytes are not such a tile. */
  decode(bytes: Uint8Array<ArrayBuffer>, shape: TileShape): Promise<Codes> {
    const here = async (): Promise<Codes> => decodeTile(await inflate(bytes), shape);
    const worker = this.started();
    if (!worker) {
      return here();
    }
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, again: here });
      worker.postMessage({ id, bytes, ...shape });
    });
  }

  close(): void {
    this.worker?.terminate();
    this.worker = null;
    this.broken = true;
    this.waiting.clear();
  }

  private started(): Worker | null {
    if (this.worker || this.broken) {
      return this.worker;
    }
    try {
      this.worker = new Worker(new URL("./tile_worker.ts", import.meta.url), { type: "module" });
    } catch {
      this.broken = true;
      return null;
    }
    this.worker.onmessage = (event: MessageEvent<Answer>) => this.answered(event.data);
    this.worker.onerror = () => this.giveUp();
    return this.worker;
  }

  private answered({ id, codes, error }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (codes) {
      waiting?.resolve(codes);
    } else {
      waiting?.reject(new Error(error ?? "The tile could not be decoded."));
    }
  }

  /** A worker that does not start (an old browser, a policy) must not take the pixels with it. */
  private giveUp(): void {
    this.worker?.terminate();
    this.worker = null;
    this.broken = true;
    for (const { resolve, reject, again } of this.waiting.values()) {
      again().then(resolve, reject);
    }
    this.waiting.clear();
  }
}
