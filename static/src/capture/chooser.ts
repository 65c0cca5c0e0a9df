import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { hooks } from "./hooks";
import type { CaseQueue } from "./page_queue";
import type { Chosen } from "./sending_queue";

interface Way {
  readonly label: string;
  readonly icon: string;
  readonly prepare: (input: HTMLInputElement) => void;
  readonly take: (files: File[]) => void;
}

/** The buttons by which files come in: the camera, files, a folder. DICOM files often have no ending: none is hidden. */
export class Chooser {
  readonly element = document.createElement("div");
  private files: HTMLInputElement | undefined;

  constructor(private readonly queue: CaseQueue) {
    this.element.className = "capture-buttons";
    this.element.append(
      this.button({
        label: t("Take a photo"),
        icon: "camera",
        prepare: (input) => {
          input.accept = "image/*";
          input.setAttribute("capture", "environment"); // the rear camera, at once
        },
        take: (photos) => void this.photographed(photos),
      }),
      this.button({
        label: t("Choose files"),
        icon: "file-image",
        prepare: (input) => {
          input.multiple = true;
          this.files = input;
        },
        take: (files) => void this.chosen(files.map((file) => ({ file }))),
      }),
    );
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
      void this.chosen([...(event.dataTransfer?.files ?? [])].map((file) => ({ file })));
    });
  }

  private async photographed(photos: readonly File[]): Promise<void> {
    for (const photo of photos) {
      const looked = hooks.beforeQueue ? await hooks.beforeQueue(photo) : photo;
      if (looked) {
        await this.chosen([{ file: looked }]);
      }
    }
  }

  private async chosen(chosen: readonly Chosen[]): Promise<void> {
    await this.queue.add(chosen);
  }

  private button(way: Way): HTMLElement {
    const input = document.createElement("input");
    input.type = "file";
    input.hidden = true;
    way.prepare(input);
    const opener = document.createElement("button");
    opener.type = "button";
    opener.className = "quiet";
    opener.append(icon(way.icon), way.label);
    opener.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      way.take([...(input.files ?? [])]);
      input.value = ""; // the same file may be chosen again
    });
    const wrapper = document.createElement("span");
    wrapper.append(opener, input);
    return wrapper;
  }
}
