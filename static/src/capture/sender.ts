import { t } from "../ui/text";
import type { Door, Outcome } from "./door";
import type { Hooks } from "./hooks";
import { choose, isEnded, type Entry } from "./order";
import { Pacer } from "./pacer";
import { Rate } from "./rate";
import type { Shelf } from "./shelf";
import { takeStep, type StepTools } from "./step";
import { problemIn, type KeptRecord, type Problem, type Transfer, type TransferState } from "./transfer";
import { Watching } from "./watching";

export interface SenderOptions {
  readonly shelf: Shelf;
  readonly door: Door;
  readonly hooks: Hooks;
  /** SHA-256 in hexadecimal, or null; rejects with SendingProblem("unreadable"). */
  readonly hash: (file: File, signal: AbortSignal) => Promise<string | null>;
  /** A small picture that this device makes of a photo or a video, or null. */
  readonly face: (file: File) => Promise<Blob | null>;
  readonly now: () => number;
  readonly online: () => boolean;
  readonly changed: () => void;
}

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
const LATER_MS = 60_000;
// What the sender's own copy can put right: it is sent once more.
const SEND_AGAIN = new Set(["changed_on_the_way", "lost_bytes"]);

/**
 * Sends one person's files, one at a time, in the one tab that does so. What is small goes ahead of everything
 * (previews), then the file that was asked for first, then the smallest, so that over a thin link the specialist has
 * something to look at soon. A lost link is tried again for ever. Bytes are let go only when the server has stored them.
 * Knows no DOM.
 */
export class Sender {
  readonly rate = new Rate();
  private readonly pacer: Pacer;
  private readonly entries = new Map<string, Entry>();
  private readonly holds = new Set<string>();
  private active: Entry | undefined;
  private faces = Promise.resolve();
  private failures = 0;
  private trouble: string | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly watching: Watching;
  private readonly tools: StepTools;

  constructor(private readonly options: SenderOptions) {
    this.pacer = new Pacer(options.now);
    this.tools = {
      ...options,
      pacer: this.pacer,
      progress: (entry, sent) => this.progress(entry, sent),
      accepted: (entry, received) => this.accepted(entry, received),
      arrived: (entry) => this.arrived(entry),
      save: (entry) => this.save(entry),
    };
    this.watching = new Watching(options.door, () => this.undecided(), (entry, outcome) => this.decide(entry, outcome));
  }

  get transfers(): readonly Transfer[] {
    return [...this.entries.values()].map((entry) => this.view(entry));
  }

  /** Takes up what an earlier page left. */
  async load(): Promise<void> {
    for (const record of await this.options.shelf.all()) {
      this.take(record, null, true);
    }
  }

  /** One more file; `kept` says whether it lies on the shelf already. */
  take(record: KeptRecord, file: File | null, kept: boolean): void {
    if (!this.entries.has(record.id)) {
      const entry = { record, file, kept, sent: record.received, missing: false, small: undefined, more: null, stop: null };
      this.entries.set(record.id, entry);
      this.letPreviewPass(entry);
      this.begin();
      this.faces = this.faces.then(() => this.makeFace(entry)); // one after another: a photo unpacked is large
    }
  }

  /** A new file's preview does not wait for the bytes of another: they go on after it from where they are. */
  private letPreviewPass({ record }: Entry): void {
    const waits = this.options.hooks.prepare !== null && !record.ahead && !record.held;
    if (waits && this.active?.record.ahead === true && this.active.more === null) {
      this.halt(this.active);
    }
  }

  private async makeFace(entry: Entry): Promise<void> {
    if (entry.file && entry.record.face === null) {
      const face = await this.options.face(entry.file);
      entry.record.face ??= face;
      this.save(entry);
      this.options.changed();
    }
  }

  /** A file that was taken lies on the shelf now, or will never. */
  keptNow(id: string): void {
    const entry = this.entries.get(id);
    if (entry) {
      entry.kept = true;
      this.options.changed();
    } else {
      void this.options.shelf.remove(id); // it was sent, or given up, before the shelf had it
    }
  }

  /** The person chose a file again that this device had lost. */
  found(id: string, file: File): void {
    const entry = this.entries.get(id);
    if (entry) {
      entry.file = file;
      entry.missing = false;
      this.begin();
    }
  }

  /** Asks for a file that was kept by handle; from a tap. False where it has to be chosen again. */
  async reopen(id: string): Promise<boolean> {
    const entry = this.entries.get(id);
    const file = entry && (await this.options.shelf.reopen(entry.record));
    if (file) {
      this.found(id, file);
    }
    return Boolean(file);
  }

  pause(id: string): void {
    const entry = this.entries.get(id);
    if (entry && !isEnded(entry)) {
      entry.record.held = true;
      this.halt(entry);
      this.save(entry);
      this.begin();
    }
  }

  resume(id: string): void {
    const entry = this.entries.get(id);
    if (entry?.record.held) {
      entry.record.held = false;
      this.save(entry);
      this.wake();
    }
  }

  /** Sends this file before all others; what is under way waits. */
  first(id: string): void {
    const entry = this.entries.get(id);
    if (!entry || isEnded(entry)) {
      return;
    }
    entry.record.order = Math.min(0, ...[...this.entries.values()].map((one) => one.record.order)) - 1;
    entry.record.held = false;
    this.save(entry);
    if (this.active && this.active !== entry) {
      this.halt(this.active);
    }
    this.wake();
  }

  /** Holds everything until each who asked has let go: the person, a call, a device without a network. */
  hold(who: string): void {
    this.holds.add(who);
    if (this.active) {
      this.halt(this.active);
    }
    this.options.changed();
  }

  letGo(who: string): void {
    if (this.holds.delete(who)) {
      this.rate.reset();
      this.begin();
    }
  }

  /** At most so many bytes in a second (the voice goes first); null for as fast as the line goes. */
  pace(bytesPerSecond: number | null): void {
    this.pacer.pace(bytesPerSecond);
    this.rate.reset();
  }

  /** Gives a file up: it leaves the list, and the server throws away what it had. */
  async cancel(id: string): Promise<void> {
    const entry = this.entries.get(id);
    if (!entry) {
      return;
    }
    this.halt(entry);
    this.drop(entry);
    this.begin();
    if (entry.record.uploadId !== null && !entry.record.whole) {
      // Without a link: the server forgets unfinished uploads by itself.
      await this.options.door.end(entry.record.uploadId).catch(() => undefined);
    }
  }

  /** The network may be back: try at once. */
  wake(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.trouble = null;
    this.begin();
    this.watching.soon();
  }

  /** Stops for good: another account has come, or the page goes. Nothing is forgotten. */
  stop(): void {
    this.hold("stopped");
    clearTimeout(this.retry);
    this.watching.stop();
    this.entries.clear();
  }

  private begin(): void {
    if (!this.active && this.holds.size === 0 && this.retry === undefined) {
      const entry = choose(this.entries.values(), this.options.hooks.prepare !== null);
      if (entry && !this.options.online()) {
        this.failed(entry, { kind: "network", reason: t("No network. It goes on by itself when there is one.") });
      } else if (entry) {
        this.active = entry;
        void this.work(entry);
      }
    }
    this.options.changed();
  }

  private async work(entry: Entry): Promise<void> {
    const stop = new AbortController();
    entry.stop = stop;
    try {
      await takeStep(entry, stop.signal, this.tools);
      this.failures = 0;
      this.save(entry);
    } catch (error) {
      if (!stop.signal.aborted) {
        this.failed(entry, problemIn(error));
      }
    }
    if (entry.stop === stop) {
      entry.stop = null;
    }
    if (this.active === entry) {
      this.active = undefined;
    }
    this.begin();
  }

  private progress(entry: Entry, sent: number): void {
    this.rate.add(Math.max(0, sent - entry.sent), this.options.now());
    entry.sent = sent;
    this.options.changed();
  }

  private accepted(entry: Entry, received: number): void {
    this.failures = 0;
    this.trouble = null;
    this.progress(entry, received);
    entry.record.received = received;
    this.save(entry);
  }

  private arrived(entry: Entry): void {
    entry.record.whole = true;
    entry.record.received = entry.sent = entry.record.size;
    this.save(entry);
    this.watching.soon();
  }

  private failed(entry: Entry, problem: Problem): void {
    switch (problem.kind) {
      case "network":
        this.waitFor(
          Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS),
          problem.reason ?? t("No link just now. It goes on by itself."),
        );
        this.failures += 1;
        break;
      case "later":
        this.waitFor(LATER_MS, problem.reason);
        break;
      case "gone":
        this.restart(entry, t("The server did not take this file. Try another one."));
        break;
      case "unreadable":
        entry.file = null;
        entry.missing = true;
        break;
      case "refused":
        this.refuse(entry, problem.reason);
    }
  }

  private waitFor(milliseconds: number, reason: string): void {
    this.trouble = reason;
    this.rate.reset();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.wake(), milliseconds);
  }

  /** From the first byte, once; whoever has to be asked a second time is told `reason`. */
  private restart(entry: Entry, reason: string): void {
    const { record } = entry;
    if (record.restarts > 0) {
      this.refuse(entry, reason);
      return;
    }
    Object.assign(record, { uploadId: null, received: 0, sha256: null, whole: false, restarts: record.restarts + 1 });
    entry.sent = 0;
    this.save(entry);
  }

  private refuse(entry: Entry, reason: string): void {
    entry.record.refusal = reason;
    entry.file = null;
    // The server lists what it refused; the bytes are of no more use here.
    void this.options.shelf.remove(entry.record.id);
  }

  private drop(entry: Entry): void {
    this.entries.delete(entry.record.id);
    void this.options.shelf.remove(entry.record.id);
    this.options.changed();
  }

  private halt(entry: Entry): void {
    entry.stop?.abort();
    entry.stop = null;
    entry.sent = entry.record.received;
    if (this.active === entry) {
      this.active = undefined;
    }
    this.options.changed();
  }

  private decide(entry: Entry, outcome: Outcome): void {
    switch (outcome.state) {
      case "stored":
      case "gone": // taken off the list by the person, on another device
        this.drop(entry);
        break;
      case "receiving": // the server lost its end: it says again how much it has
        entry.record.whole = false;
        break;
      case "refused":
        if (SEND_AGAIN.has(outcome.code) && entry.record.restarts === 0) {
          void this.options.door.end(entry.record.uploadId ?? "").catch(() => undefined);
          this.restart(entry, outcome.reason);
        } else {
          this.refuse(entry, outcome.reason);
        }
        break;
      case "checking":
    }
    this.begin();
  }

  private undecided(): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.record.whole && entry.record.refusal === null);
  }

  private save(entry: Entry): void {
    if (entry.kept && this.entries.has(entry.record.id)) {
      this.options.shelf.update(entry.record).catch(() => undefined); // it is sent from this page all the same
    }
  }

  private view(entry: Entry): Transfer {
    const { id: key, caseId, name, size, lastModified, uploadId, face, noPreview = null } = entry.record;
    const [state, reason] = this.stateOf(entry);
    const { sent, kept } = entry;
    return { key, caseId, name, size, lastModified, sent, state, reason, uploadId, face, noPreview, kept };
  }

  private stateOf(entry: Entry): [TransferState, string | null] {
    const { record } = entry;
    if (record.refusal !== null) {
      return ["refused", record.refusal];
    }
    if (record.whole) {
      return ["sent", null];
    }
    if (entry.missing) {
      return ["missing", null];
    }
    if (record.held || this.holds.size > 0) {
      return ["paused", this.holds.has("call") && !record.held ? t("Waits while you talk.") : null];
    }
    if (this.active === entry) {
      return ["sending", null];
    }
    return this.trouble === null ? ["waiting", null] : ["offline", this.trouble];
  }
}
