import { ApiError } from "../ui/api";
import { t } from "../ui/text";

/** One field's new text over the version that its editor saw. */
export interface Edit {
  readonly field: string;
  readonly value: string;
  readonly version: string;
  readonly sure: boolean;
}

export interface Saved {
  readonly value: string;
  readonly version: string;
  readonly saved_at: string;
}

export interface Stored {
  readonly value: string;
  readonly version: string;
}

/** How a form's fields reach the server. */
export interface Shelf {
  save(edit: Edit): Promise<Saved>;
  /** The field as it is saved now. */
  read(field: string): Promise<Stored>;
}

/**
 * saved: the server has it (`at`: when, if ever from here). waiting: typed, not sent yet. saving. offline: tried again
 * by itself. refused: it cannot be saved like this. doubtful: the server asks whether it is right. elsewhere: somebody
 * else saved `theirs` in between.
 */
export type FieldState =
  | { readonly kind: "saved"; readonly at: string | null; readonly value: string }
  | { readonly kind: "waiting" | "saving" | "offline" }
  | { readonly kind: "refused" | "doubtful"; readonly words: string }
  | { readonly kind: "elsewhere"; readonly theirs: string };

interface Entry {
  value: string;
  version: string;
  sure: boolean;
  state: FieldState;
}

const TYPING_MS = 700;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 20_000;
const LINK_CODES = new Set(["offline", "timeout", "failed", "error"]);

/**
 * Saves fields as they are written, one request at a time, and keeps what could not be sent in memory until it could.
 * Knows no DOM.
 */
export class Autosave {
  private readonly entries = new Map<string, Entry>();
  private readonly handlers = new Set<(field: string, state: FieldState) => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly shelf: Shelf) {}

  /** Tells of a field as the page was given it. */
  know(field: string, value: string, version: string): void {
    this.entries.set(field, { value, version, sure: false, state: { kind: "saved", at: null, value } });
  }

  /** `handler` is told whenever a field's state changes. */
  onState(handler: (field: string, state: FieldState) => void): void {
    this.handlers.add(handler);
  }

  /** Whether something typed is not at the server. */
  get unsaved(): boolean {
    return [...this.entries.values()].some((entry) => entry.state.kind !== "saved");
  }

  /** Whether something waits for the person: it is refused, doubted, or changed elsewhere. */
  get stuck(): boolean {
    return [...this.entries.values()].some((entry) => ["refused", "doubtful", "elsewhere"].includes(entry.state.kind));
  }

  /** The person typed. */
  edit(field: string, value: string): void {
    this.change(field, value, false);
    this.later(TYPING_MS);
  }

  /** The person says that a doubted value is right. */
  confirm(field: string): void {
    const entry = this.entries.get(field);
    if (entry?.state.kind === "doubtful") {
      this.change(field, entry.value, true);
      this.later(0);
    }
  }

  /** After somebody else's change: keep what is typed here. `theirs` is what gets replaced. */
  async keepMine(field: string): Promise<void> {
    const entry = this.entries.get(field);
    if (entry) {
      entry.version = (await this.shelf.read(field)).version;
      this.change(field, entry.value, entry.sure);
      this.later(0);
    }
  }

  /** After somebody else's change: take theirs; gives it, for the page to show. */
  async takeTheirs(field: string): Promise<string> {
    const stored = await this.shelf.read(field);
    this.know(field, stored.value, stored.version);
    this.tell(field, { kind: "saved", at: null, value: stored.value });
    return stored.value;
  }

  /** Sends everything now. Resolves when nothing is left to be sent: true when all is saved. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    await this.run();
    return !this.unsaved;
  }

  /** The network may be back: try at once. */
  wake(): void {
    if (this.unsaved) {
      this.later(0);
    }
  }

  private change(field: string, value: string, sure: boolean): void {
    const entry = this.entries.get(field);
    if (entry) {
      entry.value = value;
      entry.sure = sure;
      this.tell(field, { kind: "waiting" });
    }
  }

  private later(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), pause);
  }

  /** One run at a time: a second caller waits for the first, then sends what came meanwhile. */
  private async run(): Promise<void> {
    while (this.running) {
      await this.running;
    }
    this.running = this.sendAll();
    try {
      await this.running;
    } finally {
      this.running = undefined;
    }
  }

  private async sendAll(): Promise<void> {
    for (;;) {
      const [field] = [...this.entries].find(([, { state }]) => ["waiting", "offline"].includes(state.kind)) ?? [];
      if (field === undefined || !(await this.send(field))) {
        return;
      }
    }
  }

  /** Sends one field; false when the link is gone. */
  private async send(field: string): Promise<boolean> {
    const entry = this.entries.get(field);
    if (!entry) {
      return true;
    }
    const { value, version, sure } = entry;
    this.tell(field, { kind: "saving" });
    try {
      const saved = await this.shelf.save({ field, value, version, sure });
      this.failures = 0;
      entry.version = saved.version;
      if (entry.value === value) {
        this.tell(field, { kind: "saved", at: saved.saved_at, value: saved.value });
      }
      return true;
    } catch (error) {
      return this.failed(field, entry, value, error);
    }
  }

  private async failed(field: string, entry: Entry, value: string, error: unknown): Promise<boolean> {
    const known = error instanceof ApiError ? error : new ApiError("failed", t("This could not be saved. Trying again."));
    if (LINK_CODES.has(known.code)) {
      this.tell(field, { kind: "offline" });
      this.later(Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS));
      this.failures += 1;
      return false;
    }
    if (entry.value !== value) {
      return true; // typed on meanwhile: what was refused is not wanted any more
    }
    this.tell(field, await this.refusal(field, known));
    return true;
  }

  private async refusal(field: string, error: ApiError): Promise<FieldState> {
    if (error.code === "is_this_right") {
      return { kind: "doubtful", words: error.message };
    }
    if (error.code !== "changed_elsewhere") {
      return { kind: "refused", words: error.message };
    }
    try {
      return { kind: "elsewhere", theirs: (await this.shelf.read(field)).value };
    } catch {
      return { kind: "offline" };
    }
  }

  private tell(field: string, state: FieldState): void {
    const entry = this.entries.get(field);
    if (entry) {
      entry.state = state;
    }
    for (const handler of [...this.handlers]) {
      handler(field, state);
    }
  }
}
