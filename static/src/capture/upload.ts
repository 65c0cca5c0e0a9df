import { t } from "../ui/text";

/**
 * waiting: its turn comes. sending. offline: the link failed, it is tried again by itself. paused: by the person.
 * sent: every byte is at the server. refused: the server will not have it; `reason` says why.
 */
export type TransferState = "waiting" | "sending" | "offline" | "paused" | "sent" | "refused";

export interface Transfer {
  readonly key: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that the server has, or that are on their way to it. */
  readonly sent: number;
  readonly state: TransferState;
  readonly reason: string | null;
  /** The server's name for it, once it has one. */
  readonly uploadId: string | null;
}

export type Problem = { readonly kind: "network" } | { readonly kind: "refused"; readonly reason: string };

/** What one file's transport tells the queue. */
export interface Journey {
  opened(uploadId: string): void;
  progress(sent: number): void;
  done(): void;
  failed(problem: Problem): void;
}

/** One file's transport: resumable, so that `start` after `pause` or a failure goes on where it stopped. */
export interface Carrier {
  start(): void;
  pause(): void;
  /** Gives up, at the server too. */
  cancel(): Promise<void>;
}

export type Carry = (file: File, journey: Journey) => Carrier;

interface Entry {
  transfer: Transfer;
  readonly carrier: Carrier;
}

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Files on their way to the server, one at a time and the smallest first, so that over a thin link the specialist has
 * something to look at soon. A lost link is tried again for ever. Knows no DOM.
 */
export class UploadQueue {
  private readonly entries = new Map<number, Entry>();
  private readonly handlers = new Set<() => void>();
  private nextKey = 1;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly carry: Carry) {}

  get transfers(): readonly Transfer[] {
    return [...this.entries.values()].map((entry) => entry.transfer);
  }

  /** Bytes that still have to be sent, of every file that is not paused, refused or sent. */
  get bytesLeft(): number {
    return this.unsent.reduce((left, transfer) => left + transfer.size - transfer.sent, 0);
  }

  /** Files that would not arrive if the page were left now. */
  get unsent(): readonly Transfer[] {
    return this.transfers.filter((transfer) => transfer.state !== "sent" && transfer.state !== "refused");
  }

  /** `handler` is told of each change; returns what stops that. */
  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const key = this.nextKey++;
      const carrier = this.carry(file, this.journey(key));
      const transfer: Transfer = {
        key,
        name: file.name,
        size: file.size,
        sent: 0,
        state: "waiting",
        reason: null,
        uploadId: null,
      };
      this.entries.set(key, { transfer, carrier });
    }
    this.next();
  }

  pause(key: number): void {
    const entry = this.entries.get(key);
    if (entry && ["waiting", "sending", "offline"].includes(entry.transfer.state)) {
      entry.carrier.pause();
      this.change(key, { state: "paused" });
      this.next();
    }
  }

  resume(key: number): void {
    if (this.entries.get(key)?.transfer.state === "paused") {
      this.change(key, { state: "waiting" });
      this.next();
    }
  }

  /** Gives a file up: it leaves the list, and the server throws away what it had. */
  async cancel(key: number): Promise<void> {
    const entry = this.entries.get(key);
    if (!entry) {
      return;
    }
    this.entries.delete(key);
    this.next();
    this.tell();
    await entry.carrier.cancel();
  }

  /** Takes finished files off the list for which `known` says that the server lists them by itself now. */
  forget(known: (transfer: Transfer) => boolean): void {
    for (const [key, { transfer }] of this.entries) {
      if (["sent", "refused"].includes(transfer.state) && known(transfer)) {
        this.entries.delete(key);
      }
    }
  }

  /** The network may be back: try at once. */
  wake(): void {
    clearTimeout(this.retry);
    for (const { transfer } of this.entries.values()) {
      if (transfer.state === "offline") {
        this.change(transfer.key, { state: "waiting" });
      }
    }
    this.next();
  }

  private journey(key: number): Journey {
    return {
      opened: (uploadId) => this.change(key, { uploadId }),
      progress: (sent) => {
        this.failures = 0;
        this.change(key, { sent });
      },
      done: () => {
        this.change(key, { state: "sent", sent: this.entries.get(key)?.transfer.size ?? 0 });
        this.next();
      },
      failed: (problem) => this.failed(key, problem),
    };
  }

  private failed(key: number, problem: Problem): void {
    if (problem.kind === "refused") {
      this.change(key, { state: "refused", reason: problem.reason });
      this.next();
      return;
    }
    if (this.entries.get(key)?.transfer.state !== "sending") {
      return; // paused or given up meanwhile
    }
    this.change(key, { state: "offline", reason: t("No link just now. It goes on by itself.") });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.wake(), Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS));
    this.failures += 1;
  }

  private next(): void {
    const states = this.transfers.map((transfer) => transfer.state);
    if (!states.includes("sending") && !states.includes("offline")) {
      const [smallest] = this.transfers
        .filter((transfer) => transfer.state === "waiting")
        .sort((a, b) => a.size - a.sent - (b.size - b.sent));
      if (smallest) {
        this.change(smallest.key, { state: "sending", reason: null });
        this.entries.get(smallest.key)?.carrier.start();
        return;
      }
    }
    this.tell();
  }

  private change(key: number, changes: Partial<Transfer>): void {
    const entry = this.entries.get(key);
    if (entry) {
      entry.transfer = { ...entry.transfer, ...changes };
      this.tell();
    }
  }

  private tell(): void {
    for (const handler of [...this.handlers]) {
      handler();
    }
  }
}
