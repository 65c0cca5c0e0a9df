import { ApiError } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { Chooser } from "./chooser";
import { fetchListing, isUnfinished, type Listing, type ServerUpload } from "./listing";
import { CaseQueue } from "./page_queue";
import { Peek } from "./peek";
import { instanceItem, serverUploadItem, transferItem, type Act, type Item } from "./picture_items";
import { PictureRow } from "./picture_row";
import { QueueBar } from "./queue_bar";
import { endUpload } from "./tus_carrier";

const WORKING_MS = 1500;
const SENDING_MS = 5000;
const TROUBLE_MS = 10_000;

export interface PicturesOptions {
  readonly caseId: string;
  readonly mayAdd: boolean;
  /** May say whose a held picture is. */
  readonly mayDecide?: boolean;
  /** Whose pictures these are: what of a disc is chosen already. */
  readonly patientName?: string;
  /** Shared with whoever else shows this case's files on the page; made here when not given. */
  readonly queue?: CaseQueue;
}

/** The pictures of a case on a page: what is being sent from here, what the server has, and how far each is. */
export class Pictures {
  readonly queue: CaseQueue;
  private listing: Listing | undefined;
  private trouble: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly list = document.createElement("ul");
  private readonly note = document.createElement("p");
  private readonly empty = emptyState();
  private readonly bar: QueueBar;
  private readonly chooser: Chooser;
  private readonly rows = new Map<string, PictureRow>();
  private readonly handlers = new Set<() => void>();
  private readonly peek = new Peek();
  private sentBefore = "";
  private asked = 0;

  constructor(
    element: HTMLElement,
    private readonly options: PicturesOptions,
  ) {
    this.queue = options.queue ?? new CaseQueue(options.caseId);
    this.bar = new QueueBar(this.queue);
    this.chooser = new Chooser(this.queue, options.patientName ?? "");
    this.list.className = "pictures";
    this.note.className = "pictures-note";
    this.note.setAttribute("role", "status");
    if (options.mayAdd) {
      element.append(this.chooser.element);
      this.chooser.acceptDrops(element);
    }
    element.append(this.bar.element, this.empty, this.list, this.note);
    this.queue.onChange(() => this.queueChanged());
    addEventListener("visibilitychange", () => void this.refresh());
    this.note.textContent = t("Looking for pictures…");
    void this.refresh();
  }

  /** The pictures that may be shown, as they can be picked elsewhere on the page. */
  get pickable(): { id: string; name: string; thumbnail: string | null }[] {
    const instances = this.listing?.instances ?? [];
    return instances.filter(({ state, hold }) => state !== "unusable" && hold?.state !== "open");
  }

  /** `handler` is told whenever what is shown changed. */
  onChange(handler: () => void): void {
    this.handlers.add(handler);
  }

  /** Asks the server now, and again soon while something is unfinished. */
  async refresh(): Promise<void> {
    this.stopTimer();
    const asked = ++this.asked;
    try {
      const listing = await fetchListing(this.options.caseId);
      if (asked !== this.asked) {
        return; // a later question was put meanwhile: its answer is the newer one
      }
      this.listing = listing;
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error instanceof ApiError ? error.message : t("The pictures cannot be listed just now.");
    }
    this.draw();
  }

  /** A file that arrived or left changes what the server lists: ask it, but not at every byte. */
  private queueChanged(): void {
    const sent = this.queue.transfers.map((transfer) => `${transfer.uploadId ?? ""}${transfer.state}`).join();
    if (sent !== this.sentBefore) {
      this.sentBefore = sent;
      this.stopTimer();
      this.timer = setTimeout(() => void this.refresh(), WORKING_MS / 5);
    }
    this.draw();
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private askAgain(): void {
    const pause = this.pause();
    if (pause !== undefined && document.visibilityState === "visible") {
      this.timer ??= setTimeout(() => void this.refresh(), pause);
    }
  }

  private pause(): number | undefined {
    if (this.trouble !== undefined) {
      return TROUBLE_MS;
    }
    if (this.queue.transfers.some((transfer) => transfer.state === "sent")) {
      return WORKING_MS;
    }
    if (this.listing && isUnfinished(this.listing)) {
      return WORKING_MS;
    }
    return this.queue.transfers.length > 0 ? SENDING_MS : undefined;
  }

  private draw(): void {
    const items = this.items();
    const keys = new Set(items.map((item) => item.key));
    for (const [key, row] of this.rows) {
      if (!keys.has(key)) {
        row.element.remove();
        this.rows.delete(key);
      }
    }
    items.forEach((item, index) => {
      const row = this.rows.get(item.key) ?? new PictureRow((act, shown) => void this.run(act, shown));
      this.rows.set(item.key, row);
      row.show(item);
      if (this.list.children[index] !== row.element) {
        this.list.insertBefore(row.element, this.list.children[index] ?? null);
      }
    });
    this.bar.draw();
    this.empty.hidden = items.length > 0 || !this.listing || !this.options.mayAdd;
    this.note.textContent = this.noteWords(items.length);
    this.askAgain();
    this.handlers.forEach((handler) => handler());
  }

  /** What is being sent first, in the order in which it is worth looking at; then what is here. */
  private items(): Item[] {
    const { instances, uploads } = this.listing ?? { instances: [], uploads: [] };
    const refused = new Set(uploads.filter((upload) => upload.state === "refused").map((upload) => upload.fileName));
    const made = new Set(uploads.filter((upload) => upload.state === "stored").map((upload) => upload.id));
    const transfers = this.queue.transfers.filter(
      (one) => !(one.state === "refused" && refused.has(one.name)) && !made.has(one.uploadId ?? ""),
    );
    const own = new Set(transfers.map((transfer) => transfer.uploadId));
    const others = uploads.filter((one) => !own.has(one.id) && isWorthALine(one));
    const previewed = new Map(uploads.filter((one) => own.has(one.id)).map((one) => [one.id, one.instances]));
    const shown = new Set([...previewed.values()].flat());
    const apart = instances.filter(({ id, state }) => state !== "provisional" || !shown.has(id)); // one file, one line
    return [
      ...transfers.map((one) => transferItem(one, (previewed.get(one.uploadId ?? "") ?? []).length > 0)),
      ...others.map(serverUploadItem),
      ...apart.map((instance) => instanceItem(instance, this.options.mayDecide, this.options.mayAdd)),
    ];
  }

  private async run(act: Act, item: Item): Promise<void> {
    const [, place = "", id = ""] = /^(\w+)-(\w+)$/.exec(item.key) ?? [];
    const queue = this.queue.whole;
    if (act === "decide") {
      await this.decide(id);
    } else if (act === "read") {
      window.open(`/imaging/instances/${id}/document`, "_blank", "noopener");
    } else if (act === "side" && item.instance) {
      const { askSideOf } = await import("./side_dialog");
      askSideOf(item.instance, () => void this.refresh());
    } else if (item.instance) {
      this.peek.open(item.instance);
    } else if (place === "upload") {
      await this.remove(id);
    } else if (act === "choose") {
      if (!(await queue?.reopen(id))) {
        this.chooser.chooseFiles();
      }
    } else if (act === "pause" || act === "resume" || act === "first") {
      queue?.[act](id);
    } else {
      queue?.cancel(id);
    }
  }

  private async decide(instanceId: string): Promise<void> {
    const { askWhoseItIs } = await import("../guards/hold_dialog");
    await askWhoseItIs(instanceId, () => void this.refresh(), (words) => (this.note.textContent = words));
  }

  private async remove(uploadId: string): Promise<void> {
    let words: string;
    try {
      words = await endUpload(uploadId);
    } catch {
      words = t("No link just now: try again later.");
    }
    await this.refresh();
    if (words !== "") {
      this.note.textContent = words;
    }
  }

  private noteWords(count: number): string {
    if (this.trouble !== undefined && this.queue.unsent.length === 0) {
      return this.trouble;
    }
    return count === 0 && this.listing && !this.options.mayAdd ? t("No pictures yet.") : "";
  }
}

/** A stored file is a picture of its own; an opened zip says what became of it. */
function isWorthALine(upload: ServerUpload): boolean {
  return upload.state === "stored" ? upload.reason !== null : upload.state !== "cancelled";
}

/** What the place is for while nothing is in it. */
function emptyState(): HTMLElement {
  const element = document.createElement("div");
  const words = document.createElement("p");
  element.className = "pictures-empty";
  element.hidden = true;
  words.textContent = t(
    "No pictures yet. Photograph the film on the light box, or choose what is on this device: X-rays, ultrasound clips, a whole CD or folder, a zip.",
  );
  element.append(icon("image"), words);
  return element;
}

/** Fills every `#pictures[data-case]` of the page; undefined where there is none. */
export function mountPictures(): Pictures | undefined {
  const element = document.getElementById("pictures");
  const { case: caseId, mayAdd, mayDecide, patient } = element?.dataset ?? {};
  return element && caseId !== undefined
    ? new Pictures(element, {
        caseId,
        mayAdd: mayAdd !== undefined,
        mayDecide: mayDecide !== undefined,
        patientName: patient ?? "",
      })
    : undefined;
}
