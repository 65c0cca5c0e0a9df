import { ApiError } from "../ui/api";
import type { Keep } from "./kept";
import { clashes, merged, sameFields } from "./merge";
import type { Fields, SavedReply } from "./messages";

const DEBOUNCE_MS = 800;
const RETRIES_MS = [2000, 4000, 8000, 15_000, 30_000] as const;
const FINAL = new Set(["signed", "wrong_state", "not_allowed", "not_found"]);

export interface Version {
  readonly fields: Fields;
  readonly version: number;
}

/** What is to be said about the draft; `at` is this machine's clock, ms. */
export type Saving =
  | { readonly state: "clean" | "pending" | "saving" }
  | { readonly state: "saved"; readonly at: number }
  | { readonly state: "offline" }
  | { readonly state: "signed_out"; readonly message: string }
  | { readonly state: "invalid"; readonly message: string; readonly field: string | undefined }
  | { readonly state: "clash"; readonly theirs: Version; readonly fields: readonly string[] }
  | { readonly state: "refused"; readonly message: string };

export interface DraftOptions {
  readonly start: Version;
  readonly keep: Keep;
  save(fields: Fields, version: number): Promise<SavedReply>;
  /** The draft as the server has it now. */
  current(): Promise<Version>;
  /** The form must show these: another window's text came in. */
  show(fields: Fields): void;
  onSaving(saving: Saving): void;
  readonly now?: () => number;
}

/**
 * Saves a form's text by itself: 800 ms after the last key, again and again while there is no network, never over a
 * newer text that was not seen. Knows no DOM.
 */
export class Draft {
  private mine: Fields;
  private base: Version;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private queue: Promise<void> = Promise.resolve();
  private busy = false;
  private said: Saving = { state: "clean" };
  private closed = false;

  constructor(private readonly options: DraftOptions) {
    this.base = options.start;
    this.mine = options.start.fields;
  }

  /** Brings back text that was not saved when this page was last open. To be called once the form is there. */
  restore(): void {
    const kept = this.options.keep.get();
    if (kept) {
      const theirs = this.base;
      this.mine = { ...theirs.fields, ...kept.fields };
      this.base = { fields: { ...theirs.fields, ...kept.base }, version: kept.version };
      this.options.show(this.mine);
      this.bringTogether(theirs);
    }
  }

  get fields(): Fields {
    return this.mine;
  }

  /** The version that the server has and this window has seen. */
  get version(): number {
    return this.base.version;
  }

  get saving(): Saving {
    return this.said;
  }

  get dirty(): boolean {
    return !sameFields(this.mine, this.base.fields);
  }

  /** The form holds these now. */
  edit(fields: Fields): void {
    this.mine = fields;
    this.keepOrForget();
    if (this.said.state === "clash" || this.said.state === "refused") {
      return; // nothing is saved until it is settled; the text is kept
    }
    if (this.said.state !== "offline") {
      this.say({ state: "pending" });
    }
    this.failures = 0;
    this.later(DEBOUNCE_MS);
  }

  /** The network is back: try at once. */
  wake(): void {
    if (this.dirty && (this.said.state === "offline" || this.said.state === "signed_out")) {
      void this.flush();
    }
  }

  /** Saves what is unsaved now; true when the server has all of it. */
  async settle(): Promise<boolean> {
    await this.flush();
    return !this.dirty && this.said.state !== "clash" && this.said.state !== "refused";
  }

  /** Another window saved `version`: shows its text, unless there is text of our own to be brought together first. */
  async noticed(version: number): Promise<void> {
    if (version <= this.base.version || this.busy || this.closed) {
      return;
    }
    try {
      const theirs = await this.options.current();
      if (theirs.version > this.base.version) {
        this.bringTogether(theirs);
      }
    } catch {
      // The next save finds out.
    }
  }

  /** Ends a clash: all of this window's text, or all of the other's. */
  resolve(side: "mine" | "theirs"): void {
    if (this.said.state !== "clash") {
      return;
    }
    const { theirs } = this.said;
    this.base = theirs;
    if (side === "theirs") {
      this.mine = theirs.fields;
      this.options.show(this.mine);
    }
    this.keepOrForget();
    this.say({ state: "pending" });
    void this.flush();
  }

  /** No more saving: the document was signed, or its form is gone. Unsaved text stays kept. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private bringTogether(theirs: Version): void {
    const both = clashes(this.base.fields, this.mine, theirs.fields);
    if (both.length > 0) {
      this.say({ state: "clash", theirs, fields: both });
      return;
    }
    const together = merged(this.base.fields, this.mine, theirs.fields);
    const changed = !sameFields(together, this.mine);
    this.mine = together;
    this.base = theirs;
    if (changed) {
      this.options.show(together);
    }
    this.keepOrForget();
    if (this.dirty) {
      this.say({ state: "pending" });
      this.later(0);
    } else {
      this.say({ state: "saved", at: this.now() });
    }
  }

  private flush(): Promise<void> {
    clearTimeout(this.timer);
    this.queue = this.queue.then(() => this.saveAll());
    return this.queue;
  }

  private async saveAll(): Promise<void> {
    this.busy = true;
    do {
      if (!this.dirty || !this.maySave()) {
        break;
      }
      await this.saveOnce();
    } while (this.saysPending());
    this.busy = false;
    if (!this.dirty && this.saysPending()) {
      this.say({ state: "saved", at: this.now() }); // what was typed was taken back: nothing is unsaved
    }
  }

  private saysPending(): boolean {
    return this.said.state === "pending";
  }

  private maySave(): boolean {
    return !this.closed && this.said.state !== "clash" && this.said.state !== "refused";
  }

  /** Leaves the state at `pending` when there is more to save at once. */
  private async saveOnce(): Promise<void> {
    const sent = this.mine;
    if (this.said.state !== "offline") {
      this.say({ state: "saving" });
    }
    try {
      const saved = await this.options.save(sent, this.base.version);
      this.base = { fields: sent, version: saved.version };
      this.failures = 0;
      this.keepOrForget();
      this.say(this.dirty ? { state: "pending" } : { state: "saved", at: this.now() });
    } catch (error) {
      await this.failed(error);
    }
  }

  private async failed(error: unknown): Promise<void> {
    const failure = error instanceof ApiError ? error : undefined;
    if (failure?.code === "newer_draft") {
      await this.overtaken();
    } else if (failure && FINAL.has(failure.code)) {
      this.say({ state: "refused", message: failure.message });
    } else if (failure?.code === "invalid") {
      this.say({ state: "invalid", message: failure.message, field: failure.field });
    } else if (failure?.code === "signed_out") {
      this.say({ state: "signed_out", message: failure.message });
    } else {
      this.waitForNetwork();
    }
  }

  /** Somebody saved first; often ourselves, when only the answer was lost on the way. */
  private async overtaken(): Promise<void> {
    try {
      this.bringTogether(await this.options.current());
    } catch {
      this.waitForNetwork();
    }
  }

  private waitForNetwork(): void {
    this.say({ state: "offline" });
    const pause = RETRIES_MS[Math.min(this.failures, RETRIES_MS.length - 1)] ?? DEBOUNCE_MS;
    this.failures += 1;
    this.later(pause);
  }

  private later(pause: number): void {
    clearTimeout(this.timer);
    if (!this.closed) {
      this.timer = setTimeout(() => void this.flush(), pause);
    }
  }

  private keepOrForget(): void {
    if (this.dirty) {
      this.options.keep.put({ fields: this.mine, base: this.base.fields, version: this.base.version });
    } else {
      this.options.keep.clear();
    }
  }

  private say(saving: Saving): void {
    this.said = saving;
    this.options.onSaving(saving);
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}
