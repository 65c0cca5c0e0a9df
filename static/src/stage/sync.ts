import { t } from "../ui/text";
import { emptyStateVector, type LocalChange, merged, type StageDocument } from "./document";
import type { Annotation } from "./schema";
import { codeOf, type StageTransport } from "./transport";
import type { UnsentStore } from "./unsent";

/** Well below the server's limit for one message. */
const MOST_BYTES = 192 * 1024;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 8000;
const TRANSIENT = new Set(["offline", "timeout", "failed", "too_many", "error"]);

export interface SyncHooks {
  /** Which annotations are unsent has changed. */
  unsentChanged(): void;
  /** The server did not take something: a sentence for the person. */
  refused(sentence: string): void;
}

interface Entry extends LocalChange {
  /** Sent by itself, so that its refusal says which one it was. */
  readonly alone: boolean;
}

/**
 * Keeps the document and the server's the same: exchanges what each lacks on every (re)join, then sends own changes
 * one message at a time. Nothing leaves the queue before the server has acknowledged it.
 */
export class StageSync {
  private queue: Entry[] = [];
  private inFlight: Entry[] = [];
  private up = false;
  private synced = false;
  private working = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private awaiting: (() => void)[] = [];
  private readonly stops: (() => void)[];

  constructor(
    private readonly document: StageDocument,
    private readonly transport: StageTransport,
    private readonly store: UnsentStore,
    private readonly hooks: SyncHooks,
  ) {
    this.stops = [
      document.onLocal((change) => this.changed(change)),
      transport.on("stage_updated", ({ update }) => this.received(update)),
    ];
  }

  /** Takes in what an earlier page could not send, then begins to listen to the link. */
  async start(): Promise<void> {
    for (const change of await this.store.load()) {
      try {
        this.document.restore(change.update);
        this.queue.push({ ...change, alone: false });
      } catch {
        // Damaged on the device: nothing that could be sent.
      }
    }
    if (!this.closed) {
      this.hooks.unsentChanged();
      this.stops.push(this.transport.onStatus(({ status }) => this.linkChanged(status === "up")));
    }
  }

  /** Whether the document has what the server had when this page last joined. */
  get isSynced(): boolean {
    return this.synced;
  }

  /** Settles when the server's document is known, or after `patience` ms without it. */
  whenSynced(patience: number): Promise<void> {
    if (this.synced) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.awaiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The annotations whose last change the server has not acknowledged. */
  unsent(): ReadonlySet<string> {
    return new Set([...this.inFlight, ...this.queue].flatMap(({ annotations }) => annotations));
  }

  get pending(): number {
    return this.queue.length + this.inFlight.length;
  }

  destroy(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const stop of this.stops) {
      stop();
    }
  }

  private changed(change: LocalChange): void {
    this.queue.push({ ...change, alone: this.rejoining });
    this.kept();
    void this.work();
  }

  private received(update: Uint8Array): void {
    try {
      this.document.receive(update);
    } catch {
      this.synced = false; // bytes that cannot be read: ask for the whole difference instead
      void this.work();
    }
  }

  private linkChanged(up: boolean): void {
    this.up = up;
    this.synced = false;
    this.failures = 0;
    clearTimeout(this.timer);
    void this.work();
  }

  /** Exchanges, then sends, until there is nothing to do or the link fails. One run at a time. */
  private async work(): Promise<void> {
    if (this.working) {
      return;
    }
    this.working = true;
    try {
      while (this.up && !this.closed && (!this.synced || this.queue.length > 0)) {
        await (this.synced ? this.sendNext() : this.exchange());
        this.failures = 0;
      }
    } catch {
      this.later();
    } finally {
      this.working = false;
    }
  }

  private later(): void {
    clearTimeout(this.timer);
    const pause = Math.min(FIRST_RETRY_MS * 2 ** this.failures, LONGEST_RETRY_MS);
    this.failures += 1;
    if (this.up && !this.closed) {
      this.timer = setTimeout(() => void this.work(), pause);
    }
  }

  private async exchange(): Promise<void> {
    const reply = await this.transport.request("sync_stage", { state_vector: this.document.stateVector() });
    this.document.receive(reply.update);
    if (this.outOfStep) {
      this.outOfStep = false;
      const annotations = [...this.unsent()];
      this.queue = [{ update: this.document.since(reply.state_vector), annotations, alone: false }];
    }
    this.synced = true;
    for (const resolve of this.awaiting.splice(0)) {
      resolve();
    }
  }

  private async sendNext(): Promise<void> {
    this.inFlight = this.take();
    try {
      await this.transport.request("update_stage", { update: merged(this.inFlight.map(({ update }) => update)) });
      this.inFlight = [];
      this.kept();
    } catch (error) {
      await this.notTaken(error);
    }
  }

  /** As many queued changes as fit one message. */
  private take(): Entry[] {
    const taken: Entry[] = [];
    let bytes = 0;
    for (const entry of this.queue) {
      bytes += entry.update.length;
      if (taken.length > 0 && (bytes > MOST_BYTES || entry.alone || taken[0]?.alone === true)) {
        break;
      }
      taken.push(entry);
    }
    this.queue = this.queue.slice(taken.length);
    return taken;
  }

  private async notTaken(error: unknown): Promise<void> {
    const code = codeOf(error);
    const batch = this.inFlight;
    this.inFlight = [];
    this.queue = [...batch, ...this.queue];
    if (TRANSIENT.has(code)) {
      throw error;
    }
    if (code === "out_of_step" && !this.outOfStep) {
      this.outOfStep = true;
      this.synced = false;
      return;
    }
    await this.startOver(batch, code, error);
  }

  private outOfStep = false;
  private rejoining = false;

  /**
   * The server refused: take its document for ours, and draw again those of our own that it may still take, each in a
   * message of its own. What a message of its own was refused for is given up.
   */
  private async startOver(batch: readonly Entry[], code: string, error: unknown): Promise<void> {
    const reply = await this.transport.request("sync_stage", { state_vector: emptyStateVector() });
    const given = new Set(batch.length === 1 || code === "consult_ended" ? batch.flatMap((entry) => entry.annotations) : []);
    const again = code === "consult_ended" ? [] : this.ownUnsent(given);
    this.queue = [];
    this.document.rebuild(reply.update);
    this.synced = true;
    this.rejoining = true;
    for (const [id, annotation] of again) {
      this.document.put(id, annotation);
    }
    this.rejoining = false;
    this.kept();
    const reason = error instanceof Error ? error.message : "";
    this.hooks.refused(t("A change was not taken and has been removed: %(reason)s", { reason }).trim());
  }

  private ownUnsent(except: ReadonlySet<string>): [string, Annotation][] {
    const unsent = this.unsent();
    return [...this.document.annotations()].filter(
      ([id, annotation]) => unsent.has(id) && !except.has(id) && annotation.author === this.document.me,
    );
  }

  private kept(): void {
    this.store.save([...this.inFlight, ...this.queue].map(({ update, annotations }) => ({ update, annotations })));
    this.hooks.unsentChanged();
  }
}
