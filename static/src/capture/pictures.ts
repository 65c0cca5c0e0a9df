import { ApiError } from "../ui/api";
import { t } from "../ui/text";
import { captureButtons } from "./camera";
import { fetchListing, isUnfinished, type Listing } from "./listing";
import { Peek } from "./peek";
import { instanceItem, serverUploadItem, transferItem, type Act, type Item } from "./picture_items";
import { PictureRow } from "./picture_row";
import { sizeWords } from "./sizes";
import { carryByTus, endUpload } from "./tus_carrier";
import { UploadQueue } from "./upload";

const WORKING_MS = 1500;
const SENDING_MS = 5000;
const TROUBLE_MS = 10_000;

export interface PicturesOptions {
  readonly caseId: string;
  readonly mayAdd: boolean;
  /** May say whose a held picture is. */
  readonly mayDecide?: boolean;
}

/** The pictures of a case on a page: what is being sent from here, what the server has, and how far each is. */
export class Pictures {
  readonly queue: UploadQueue;
  private listing: Listing | undefined;
  private trouble: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly list = document.createElement("ul");
  private readonly note = document.createElement("p");
  private readonly rows = new Map<string, PictureRow>();
  private readonly handlers = new Set<() => void>();
  private readonly peek = new Peek();

  constructor(
    element: HTMLElement,
    private readonly options: PicturesOptions,
  ) {
    this.queue = new UploadQueue(carryByTus(options.caseId));
    this.list.className = "pictures";
    this.note.className = "pictures-note";
    this.note.setAttribute("role", "status");
    element.append(this.list, this.note);
    if (options.mayAdd) {
      element.append(captureButtons((files) => this.queue.add(files)));
      acceptDrops(element, (files) => this.queue.add(files));
    }
    this.queue.onChange(() => this.draw());
    addEventListener("online", () => this.queue.wake());
    addEventListener("visibilitychange", () => void this.refresh());
    this.note.textContent = t("Looking for pictures…");
    void this.refresh();
  }

  /** `handler` is told whenever what is shown changed. */
  onChange(handler: () => void): void {
    this.handlers.add(handler);
  }

  /** Asks the server now, and again soon while something is unfinished. */
  async refresh(): Promise<void> {
    this.stopTimer();
    try {
      this.listing = await fetchListing(this.options.caseId);
      this.trouble = undefined;
      this.forgetListed(this.listing);
    } catch (error) {
      this.trouble = error instanceof ApiError ? error.message : t("The pictures cannot be listed just now.");
    }
    this.draw();
  }

  /** What the server lists by itself needs no line of this page's own. */
  private forgetListed({ uploads }: Listing): void {
    this.queue.forget((transfer) =>
      transfer.state === "sent"
        ? uploads.some((upload) => upload.id === transfer.uploadId)
        : transfer.state === "refused" &&
          uploads.some((upload) => upload.state === "refused" && upload.fileName === transfer.name),
    );
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
      const row = this.rows.get(item.key) ?? new PictureRow((act, shown) => this.run(act, shown));
      this.rows.set(item.key, row);
      row.show(item);
      if (this.list.children[index] !== row.element) {
        this.list.insertBefore(row.element, this.list.children[index] ?? null);
      }
    });
    this.note.textContent = this.noteWords(items.length);
    this.askAgain();
    this.handlers.forEach((handler) => handler());
  }

  private items(): Item[] {
    const transfers = this.queue.transfers;
    const own = new Set(transfers.map((transfer) => transfer.uploadId));
    const uploads = (this.listing?.uploads ?? []).filter(
      (upload) => !own.has(upload.id) && upload.state !== "stored" && upload.state !== "cancelled",
    );
    return [
      ...(this.listing?.instances ?? []).map((instance) => instanceItem(instance, this.options.mayDecide)),
      ...uploads.map(serverUploadItem),
      ...transfers.map(transferItem),
    ];
  }

  private run(act: Act, item: Item): void {
    const [, place = "", id = ""] = /^(\w+)-(\w+)$/.exec(item.key) ?? [];
    if (act === "decide") {
      void this.decide(id);
    } else if (item.instance) {
      this.peek.open(item.instance);
    } else if (place === "upload") {
      void this.remove(id);
    } else if (act === "pause") {
      this.queue.pause(Number(id));
    } else if (act === "resume") {
      this.queue.resume(Number(id));
    } else {
      void this.queue.cancel(Number(id));
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
    const left = this.queue.bytesLeft;
    if (this.trouble !== undefined && this.queue.unsent.length === 0) {
      return this.trouble;
    }
    if (this.queue.unsent.length > 0) {
      return t("%(files)s still to be sent, %(size)s left. Keep this page open.", {
        files: this.queue.unsent.length,
        size: sizeWords(left),
      });
    }
    return count === 0 && this.listing ? t("No pictures yet.") : "";
  }
}

function acceptDrops(element: HTMLElement, give: (files: File[]) => void): void {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("drop-here");
  });
  element.addEventListener("dragleave", () => element.classList.remove("drop-here"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("drop-here");
    give([...(event.dataTransfer?.files ?? [])]);
  });
}

/** Fills every `#pictures[data-case]` of the page; undefined where there is none. */
export function mountPictures(): Pictures | undefined {
  const element = document.getElementById("pictures");
  const caseId = element?.dataset.case;
  return element && caseId ? new Pictures(element, { caseId, mayAdd: element.dataset.mayAdd !== undefined, mayDecide: element.dataset.mayDecide !== undefined }) : undefined;
}
