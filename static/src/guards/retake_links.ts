import type { Chosen } from "../capture/chosen";
import type { Transfer } from "../capture/transfer";
import { ApiError, postJson } from "../ui/api";

/** A file that was taken for a request and has no upload yet that could be told. */
interface Pending {
  readonly retake: string;
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
}

/** What is used of the queue. */
export interface Queue {
  readonly transfers: readonly Transfer[];
  add(chosen: readonly Chosen[]): Promise<unknown>;
  onChange(handler: () => void): () => void;
}

type Link = (retake: string, uploadId: string) => Promise<void>;

async function linkAtServer(retake: string, uploadId: string): Promise<void> {
  await postJson(`/imaging/retakes/${retake}/answer`, { uploads: [uploadId] });
}

function isPending(value: unknown): value is Pending {
  const one = value as Partial<Pending> | null;
  return typeof one === "object" && one !== null && typeof one.retake === "string" && typeof one.name === "string";
}

/**
 * Tells the server which files answer which request, as soon as each has a name there. What could not be told yet is
 * written down in this browser, so that neither a reload nor a lost link forgets it.
 */
export class RetakeLinks {
  private busy = false;
  private unkept: readonly Pending[] | undefined;

  constructor(
    private readonly caseId: string,
    private readonly queue: Queue,
    private readonly told: () => void,
    private readonly link: Link = linkAtServer,
  ) {
    queue.onChange(() => void this.tell());
    void this.tell();
  }

  /** Sends files for a request. */
  async send(retake: string, chosen: readonly Chosen[]): Promise<void> {
    const fresh = chosen.map(({ file: { name, size, lastModified } }) => ({ retake, name, size, lastModified }));
    this.keep([...this.pending(), ...fresh]);
    await this.queue.add(chosen);
    await this.tell();
  }

  /** Files of this request that wait to be told. */
  count(retake: string): number {
    return this.pending().filter((one) => one.retake === retake).length;
  }

  private async tell(): Promise<void> {
    if (this.busy) {
      return;
    }
    this.busy = true;
    try {
      for (const one of this.pending()) {
        const uploadId = this.uploadOf(one);
        if (uploadId !== null && (await this.tellOne(one, uploadId))) {
          this.forget(one);
          this.told();
        }
      }
    } finally {
      this.busy = false;
    }
  }

  private uploadOf({ name, size, lastModified }: Pending): string | null {
    const found = this.queue.transfers.find(
      (transfer) => transfer.name === name && transfer.size === size && transfer.lastModified === lastModified,
    );
    return found?.uploadId ?? null;
  }

  /** Whether there is nothing more to tell: done, or refused for good. */
  private async tellOne(one: Pending, uploadId: string): Promise<boolean> {
    try {
      await this.link(one.retake, uploadId);
      return true;
    } catch (error) {
      return error instanceof ApiError && ["not_found", "not_allowed", "conflict", "invalid"].includes(error.code);
    }
  }

  private get place(): string {
    return `nidaan.retakes.${this.caseId}`;
  }

  private pending(): readonly Pending[] {
    if (this.unkept) {
      return this.unkept;
    }
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.place) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isPending) : [];
    } catch {
      return [];
    }
  }

  private forget(gone: Pending): void {
    this.keep(this.pending().filter((one) => JSON.stringify(one) !== JSON.stringify(gone)));
  }

  private keep(pending: readonly Pending[]): void {
    try {
      if (pending.length === 0) {
        localStorage.removeItem(this.place);
      } else {
        localStorage.setItem(this.place, JSON.stringify(pending));
      }
      this.unkept = undefined;
    } catch {
      this.unkept = pending; // this device is full: it is told while the page stays open
    }
  }
}
