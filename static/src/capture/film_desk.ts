import type { Quad } from "./film_geometry";
import type { FilmReply, FilmRequest } from "./film_work";

type Distributed<T> = T extends unknown ? Omit<T, "number"> : never;
type Reply<Kind extends FilmReply["kind"]> = Extract<FilmReply, { kind: Kind }>;

/** Where photos are worked on, in a worker: a tablet's page must go on answering fingers. Each answer may be null. */
export class FilmDesk {
  private readonly waiting = new Map<number, (reply: FilmReply | null) => void>();
  private worker: Worker | null;
  private asked = 0;

  constructor() {
    this.worker = newWorker();
    if (this.worker) {
      this.worker.onmessage = ({ data }: MessageEvent<FilmReply>) => this.settle(data.number, data);
      this.worker.onerror = () => this.close();
    }
  }

  /** The photo's size, upright, in px (at most 4096 a side), and where a film seems to lie in it. */
  open(photo: Blob): Promise<Reply<"opened"> | null> {
    return this.ask({ kind: "open", photo }, "opened");
  }

  /** The share of what the corners hold that light hides, 0 to 1. */
  async glare(quad: Quad): Promise<number | null> {
    return (await this.ask({ kind: "look", quad }, "looked"))?.glare ?? null;
  }

  /** The film alone, as a JPEG. */
  async straighten(quad: Quad): Promise<Blob | null> {
    return (await this.ask({ kind: "straighten", quad }, "straight"))?.film ?? null;
  }

  /** How sharp each shot of a burst is beside the others, and each as a JPEG. The shots are closed. */
  judge(shots: readonly ImageBitmap[]): Promise<Reply<"judged"> | null> {
    return this.ask({ kind: "judge", shots }, "judged", shots);
  }

  /** Ends it; whoever waits is told null. */
  close(): void {
    this.worker?.terminate();
    this.worker = null;
    [...this.waiting.keys()].forEach((number) => this.settle(number, null));
  }

  private async ask<Kind extends FilmReply["kind"]>(
    request: Distributed<FilmRequest>,
    wanted: Kind,
    given: readonly Transferable[] = [],
  ): Promise<Reply<Kind> | null> {
    const { worker } = this;
    if (!worker) {
      return null;
    }
    const number = ++this.asked;
    const reply = await new Promise<FilmReply | null>((resolve) => {
      this.waiting.set(number, resolve);
      worker.postMessage({ ...request, number }, [...given]);
    });
    return reply?.kind === wanted ? (reply as Reply<Kind>) : null;
  }

  private settle(number: number, reply: FilmReply | null): void {
    this.waiting.get(number)?.(reply);
    this.waiting.delete(number);
  }
}

function newWorker(): Worker | null {
  try {
    return new Worker(new URL("./film_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return null; // an old browser: photos go as they are
  }
}
