import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { askChoice } from "./choice_dialog";
import type { Chosen } from "./chosen";
import { droppedFiles } from "./folders";
import { foundFile, type Found } from "./found";
import { gather, type DiscChoice, type From } from "./gathering";
import { hooks } from "./hooks";
import { leftOutWords, type LeftOut } from "./left_out";
import type { CaseQueue } from "./page_queue";
import { roomLeft } from "./shelf";
import { sizeWords } from "./sizes";

const MOST_NAMED = 200;

interface Way {
  readonly label: string;
  readonly icon: string;
  readonly prepare: (input: HTMLInputElement) => void;
  /** `again` opens the same picker once more; call it soon after a tap. */
  readonly take: (files: File[], again: () => void) => void;
}

/**
 * The ways in which files come to a case: the camera, files, a folder (a CD, a stick), a zip, a drop. DICOM files often
 * have no ending, so no picker hides any; what cannot be a picture is left out here, with a sentence, before it is sent.
 */
export class Chooser {
  readonly element = document.createElement("div");
  private readonly buttons = document.createElement("div");
  private readonly words = document.createElement("p");
  private readonly more = document.createElement("details");
  private files: HTMLInputElement | undefined;
  private turn = Promise.resolve();

  constructor(
    private readonly queue: CaseQueue,
    private readonly patientName: string,
  ) {
    this.element.className = "chooser";
    this.buttons.className = "capture-buttons";
    this.words.className = "chooser-words";
    this.words.setAttribute("role", "status");
    this.more.className = "chooser-left";
    this.more.hidden = true;
    if (pageHasCamera()) {
      this.buttons.append(opener(t("Photograph a film"), "scan-line", () => void this.photographFilm()));
    }
    this.buttons.append(...this.ways().map((way) => this.button(way)));
    this.element.append(this.buttons, this.words, this.more);
  }

  /** Opens the browser's own file picker; call it from a tap. */
  chooseFiles(): void {
    this.files?.click();
  }

  acceptDrops(element: HTMLElement): void {
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("drop-here");
    });
    element.addEventListener("dragleave", () => element.classList.remove("drop-here"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("drop-here");
      if (event.dataTransfer) {
        const dropped = droppedFiles(event.dataTransfer);
        this.take(async () => {
          const found = await dropped;
          await this.chosen(found, found.every((one) => one.path.length === 1) ? "files" : "folder");
        });
      }
    });
  }

  private ways(): Way[] {
    const camera = (accept: string) => (input: HTMLInputElement) => {
      input.accept = accept;
      input.setAttribute("capture", "environment"); // the rear camera, at once
    };
    const ways: Way[] = [
      { label: t("Take a photo"), icon: "camera", prepare: camera("image/*"), take: (files, again) => this.photographed(files, again) },
      { label: t("Record a video"), icon: "video", prepare: camera("video/*"), take: (files) => this.found(files, "files") },
      {
        label: t("Choose files"),
        icon: "file-image",
        prepare: (input) => {
          input.multiple = true;
          this.files = input;
        },
        take: (files) => this.found(files, "files"),
      },
    ];
    if ("webkitdirectory" in HTMLInputElement.prototype) {
      ways.push({
        label: t("Folder or CD"),
        icon: "folder-open",
        prepare: (input) => {
          input.webkitdirectory = true;
        },
        take: (files) => this.found(files, "folder"),
      });
    }
    return ways;
  }

  /** One after another: two folders chosen quickly must not mix their questions. */
  private take(work: () => Promise<void>): void {
    this.turn = this.turn.then(work).catch((error: unknown) => {
      console.error("files could not be taken:", error);
      this.say(t("These files could not be read. Copy them to this device, then choose them again."));
    });
  }

  private found(files: readonly File[], from: From): void {
    this.take(() => this.chosen(files.map((file) => foundFile(file)), from));
  }

  /** A photo is looked at first (glare, blur) by whoever offers that; it may come back better, or not at all. */
  private photographed(photos: readonly File[], again: () => void): void {
    this.take(async () => {
      for (const photo of photos) {
        const looked = hooks.beforeQueue ? await hooks.beforeQueue(photo) : [{ file: photo }];
        if (looked === "again") {
          again();
        } else {
          await this.looked(looked);
        }
      }
    });
  }

  private async photographFilm(): Promise<void> {
    const { photographFilm } = await import("./film_camera");
    const photos = await photographFilm();
    this.take(() => this.looked(photos));
  }

  /** What the person took and looked at just now: nothing of it is left out. */
  private async looked(photos: readonly Chosen[]): Promise<void> {
    const keep = photos.length > 0 ? await this.mayKeep(photos.map(({ file }) => file)) : null;
    if (keep !== null) {
      await this.queue.add(photos, keep);
    }
  }

  private async chosen(all: readonly Found[], from: From): Promise<void> {
    this.showLeft([]);
    const options = { askDisc: (choice: DiscChoice) => this.askDisc(choice), tell: (words: string) => this.say(words) };
    const { found, left, faults } = await gather(all, from, options);
    const keep = await this.mayKeep(found);
    const broken = keep === null ? [] : await this.queueAll(found, keep);
    const out = [...left, ...broken];
    const none = found.length === 0 && faults.length === 0 && all.length > 0 ? [t("Nothing here can be sent as a picture.")] : [];
    this.say([...faults, ...none, leftOutWords(out)].filter((words) => words !== "").join(" "));
    this.showLeft(out);
  }

  private async askDisc(choice: DiscChoice): Promise<readonly Found[] | null> {
    const { DiscDialog } = await import("./disc_dialog");
    return new DiscDialog(choice, this.patientName).ask();
  }

  /** Whether there is room here to keep the files until they are sent; null: the person would rather not. */
  private async mayKeep(found: readonly { readonly size: number }[]): Promise<boolean | null> {
    const size = found.reduce((sum, one) => sum + one.size, 0);
    const room = await roomLeft();
    if (room === undefined || size <= room) {
      return true;
    }
    const words = { size: sizeWords(size), room: sizeWords(room) };
    const anyway = await askChoice(
      t("Not enough room on this device"),
      t("These files have %(size)s and this browser can keep %(room)s. They can be sent while this page stays open; if it closes before, you choose them again and they go on where they stopped.", words),
      { words: t("Send with this page open") },
      t("Do not send"),
    );
    return anyway ? false : null;
  }

  private async queueAll(found: readonly Found[], keep: boolean): Promise<LeftOut[]> {
    const broken: LeftOut[] = [];
    for (const [index, one] of found.entries()) {
      if (found.length > 5) {
        this.say(t("Taking file %(number)s of %(count)s…", { number: index + 1, count: found.length }));
      }
      try {
        const file = await one.open();
        await this.queue.add([one.handle ? { file, handle: one.handle } : { file }], keep);
      } catch {
        broken.push({ name: one.path.at(-1) ?? "", reason: "damaged" });
      }
    }
    return broken;
  }

  private say(words: string): void {
    this.words.textContent = words;
  }

  private showLeft(left: readonly LeftOut[]): void {
    this.more.hidden = left.length === 0;
    const summary = document.createElement("summary");
    const list = document.createElement("ul");
    summary.textContent = t("Which were left out?");
    list.append(
      ...left.slice(0, MOST_NAMED).map(({ name }) => {
        const line = document.createElement("li");
        line.textContent = name;
        return line;
      }),
    );
    this.more.replaceChildren(summary, list);
  }

  private button(way: Way): HTMLElement {
    const input = document.createElement("input");
    input.type = "file";
    input.hidden = true;
    way.prepare(input);
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // the same file may be chosen again
      way.take(files, () => input.click());
    });
    const wrapper = document.createElement("span");
    wrapper.append(opener(way.label, way.icon, () => input.click()), input);
    return wrapper;
  }
}

function opener(label: string, drawing: string, open: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.append(icon(drawing), label);
  made.addEventListener("click", open);
  return made;
}

/** Plain http from another machine gives a page no camera. */
function pageHasCamera(): boolean {
  return (navigator as { mediaDevices?: MediaDevices }).mediaDevices !== undefined;
}
