import type { Side } from "../viewport/sides";
import type { Chosen } from "./chosen";
import { makeFace } from "./faces";
import { hooks } from "./hooks";
import { sha256Of } from "./hashing";
import { Sender } from "./sender";
import { askToPersist, openShelf, shelfName, type FileHandle, type Shelf } from "./shelf";
import { Tabs } from "./tabs";
import { randomName, type KeptRecord, type Transfer } from "./transfer";
import { tusDoor } from "./tus_carrier";

/** What the person, or the call, asks of the tab that sends. */
type Act =
  | { readonly act: "pause" | "resume" | "first" | "cancel"; readonly key: string }
  | { readonly act: "hold" | "letGo"; readonly who: string }
  | { readonly act: "pace"; readonly bytesPerSecond: number | null }
  | { readonly act: "wake" | "hello" | "forget" };

interface State {
  readonly transfers: readonly Transfer[];
  readonly secondsLeft: number | null;
  readonly stopped: boolean;
}

type Message =
  | { readonly kind: "state"; readonly state: State }
  | { readonly kind: "added"; readonly record: KeptRecord; readonly file: File; readonly kept: boolean }
  | { readonly kind: "found"; readonly key: string; readonly file: File }
  | ({ readonly kind: "act" } & Act);

const EMPTY: State = { transfers: [], secondsLeft: null, stopped: false };
const TELL_MS = 250;
const PERSON = "person";
const CALL = "call";

/** Where a person's files are known to wait: read by every page before it loads the queue. */
export function markOf(owner: string): string {
  return `nidaan.sending.${owner}`;
}

/**
 * Everything that one person is sending from this browser, whatever page or tab they are on. One tab sends; this object
 * is the same in all of them. Files outlive the page; `add` says which do not.
 */
export class SendingQueue {
  private readonly handlers = new Set<() => void>();
  private readonly sender: Sender;
  private readonly tabs: Tabs<Message>;
  private state: State = EMPTY;
  private ready = false; // the tabs are joined
  private telling: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    private readonly owner: string,
    private readonly shelf: Shelf,
  ) {
    this.sender = new Sender({
      shelf,
      door: tusDoor,
      hooks,
      hash: sha256Of,
      face: makeFace,
      now: () => performance.now(),
      online: () => navigator.onLine,
      changed: () => this.changed(),
    });
    if (this.isStopped) {
      this.sender.hold(PERSON);
    }
    this.tabs = new Tabs(shelfName(owner), () => void this.lead(), (message) => this.hear(message));
    this.ready = true;
    this.tabs.tell({ kind: "act", act: "hello" });
    addEventListener("online", () => this.wake());
    addEventListener("pagehide", () => this.tabs.leading && this.publish());
  }

  /** The queue of whoever is signed in; the same object for each caller of this page. */
  static async open(owner: string): Promise<SendingQueue> {
    return new SendingQueue(owner, await openShelf(owner));
  }

  get transfers(): readonly Transfer[] {
    return this.state.transfers;
  }

  /** Files whose bytes this device still has to send. */
  get unsent(): readonly Transfer[] {
    return this.transfers.filter((transfer) => transfer.state !== "sent" && transfer.state !== "refused");
  }

  /** Files that would be lost with this page: closing it should be asked about. */
  get atRisk(): readonly Transfer[] {
    return this.unsent.filter((transfer) => !transfer.kept && transfer.state !== "missing");
  }

  /** Seconds until everything is sent at the pace of the last half minute; null while nobody can say. */
  get secondsLeft(): number | null {
    return this.state.secondsLeft;
  }

  /** Whether the person has stopped everything. */
  get isStopped(): boolean {
    return localStorage.getItem(`${markOf(this.owner)}.stopped`) !== null;
  }

  /** `handler` is told of each change; returns what stops that. */
  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  /**
   * Queues files for a case; gives their keys, in order. `keep` false: they are sent while a page stays open, and not
   * kept for later.
   */
  async add(caseId: string, chosen: readonly Chosen[], keep = true): Promise<string[]> {
    void askToPersist();
    const keys: string[] = [];
    for (const { file, handle, side } of chosen) {
      const known = this.unsent.find((one) => isSame(one, caseId, file));
      const record = newRecord(caseId, file, side ?? "");
      keys.push(known?.key ?? record.id);
      if (known?.state === "missing") {
        this.found(known.key, file);
      } else if (!known) {
        await this.addOne(record, file, handle, keep);
      }
    }
    return keys;
  }

  /** Holds one file, or (without a name) everything until `resume()`: for a call, whose voice goes first. */
  pause(key?: string): void {
    this.act(key === undefined ? { act: "hold", who: CALL } : { act: "pause", key });
  }

  resume(key?: string): void {
    this.act(key === undefined ? { act: "letGo", who: CALL } : { act: "resume", key });
  }

  /** At most so many bytes in a second, in small pieces; null for as fast as the line goes. */
  pace(bytesPerSecond: number | null): void {
    this.act({ act: "pace", bytesPerSecond });
  }

  /** The person stops everything, until they let it go on; a reload changes nothing about it. */
  pauseAll(): void {
    localStorage.setItem(`${markOf(this.owner)}.stopped`, "1");
    this.act({ act: "hold", who: PERSON });
  }

  resumeAll(): void {
    localStorage.removeItem(`${markOf(this.owner)}.stopped`);
    this.act({ act: "letGo", who: PERSON });
  }

  /** Sends this one before all others. */
  first(key: string): void {
    this.act({ act: "first", key });
  }

  /** Gives a file up, or takes a refused one off the list. */
  cancel(key: string): void {
    this.act({ act: "cancel", key });
  }

  wake(): void {
    this.act({ act: "wake" });
  }

  /** A file that this device had lost, chosen again. */
  found(key: string, file: File): void {
    if (this.tabs.leading) {
      this.sender.found(key, file);
    } else {
      this.tabs.tell({ kind: "found", key, file });
    }
  }

  /** Asks the browser for a file that was kept by handle; call it from a tap. False: it must be chosen again. */
  reopen(key: string): Promise<boolean> {
    return this.tabs.leading ? this.sender.reopen(key) : Promise.resolve(false);
  }

  /** Signing out: gives everything up and forgets it on this device. */
  async forget(): Promise<void> {
    this.sender.stop();
    this.tabs.tell({ kind: "act", act: "forget" });
    localStorage.removeItem(markOf(this.owner));
    localStorage.removeItem(`${markOf(this.owner)}.stopped`);
    await this.shelf.clear();
  }

  private async addOne(record: KeptRecord, file: File, handle: FileHandle | undefined, keep: boolean): Promise<void> {
    if (this.tabs.leading) {
      this.sender.take(record, file, false); // its sending need not wait for the shelf
    }
    const kept = (keep && (await this.keep(record, file))) || (handle !== undefined && (await this.keep(record, handle)));
    if (!this.tabs.leading) {
      this.tabs.tell({ kind: "added", record, file, kept });
    } else if (kept) {
      this.sender.keptNow(record.id);
    }
  }

  private async keep(record: KeptRecord, bytes: Blob | FileHandle): Promise<boolean> {
    try {
      await this.shelf.add(record, bytes);
      return true;
    } catch {
      return false; // no room, or a private window: it is sent from this page all the same
    }
  }

  private async lead(): Promise<void> {
    await this.sender.load();
    this.sender.wake();
  }

  private act(act: Act): void {
    if (!this.tabs.leading) {
      this.tabs.tell({ kind: "act", ...act });
      return;
    }
    switch (act.act) {
      case "pause":
      case "resume":
      case "first":
        this.sender[act.act](act.key);
        break;
      case "cancel":
        void this.sender.cancel(act.key);
        break;
      case "hold":
      case "letGo":
        this.sender[act.act](act.who);
        break;
      case "pace":
        this.sender.pace(act.bytesPerSecond);
        break;
      case "wake":
        this.sender.wake();
        break;
      case "hello":
        this.publish();
        break;
      case "forget":
        this.sender.stop();
    }
  }

  private hear(message: Message): void {
    if (message.kind === "state") {
      if (!this.tabs.leading) {
        this.show(message.state);
      }
    } else if (this.tabs.leading) {
      this.obey(message);
    }
  }

  private obey(message: Exclude<Message, { kind: "state" }>): void {
    if (message.kind === "act") {
      this.act(message);
    } else if (message.kind === "found") {
      this.sender.found(message.key, message.file);
    } else {
      this.sender.take(message.record, message.file, message.kept);
    }
  }

  private changed(): void {
    if (!this.ready || !this.tabs.leading) {
      return;
    }
    const left = this.sender.transfers
      .filter((one) => ["waiting", "sending", "offline"].includes(one.state))
      .reduce((sum, one) => sum + one.size - one.sent, 0);
    const secondsLeft = this.sender.rate.secondsFor(left, performance.now());
    this.show({ transfers: this.sender.transfers, secondsLeft, stopped: this.isStopped });
    this.telling ??= setTimeout(() => this.publish(), TELL_MS);
  }

  private publish(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.tabs.tell({ kind: "state", state: this.state });
  }

  private show(state: State): void {
    this.state = state;
    this.mark();
    this.handlers.forEach((handler) => handler());
  }

  /** Tells the next page, before it loads anything, whether there is something to send. */
  private mark(): void {
    if (this.transfers.some((transfer) => transfer.state !== "refused")) {
      localStorage.setItem(markOf(this.owner), String(this.unsent.length));
    } else {
      localStorage.removeItem(markOf(this.owner));
    }
  }
}

function isSame(transfer: Transfer, caseId: string, file: File): boolean {
  return (
    transfer.caseId === caseId &&
    transfer.name === file.name &&
    transfer.size === file.size &&
    transfer.lastModified === file.lastModified
  );
}

function newRecord(caseId: string, file: File, side: Side | ""): KeptRecord {
  return {
    id: randomName(),
    caseId,
    name: file.name,
    size: file.size,
    lastModified: file.lastModified,
    addedAt: Date.now(),
    side,
    order: 0,
    held: false,
    uploadId: null,
    received: 0,
    sha256: null,
    ahead: false,
    restarts: 0,
    whole: false,
    refusal: null,
    face: null,
  };
}
