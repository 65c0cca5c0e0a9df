import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { InstanceManifest } from "../viewport/manifest";
import type { CasePictures, IncomingFile } from "./case_pictures";

export interface StripOptions {
  readonly pictures: CasePictures;
  /** Put on the stage. */
  show(instanceId: string): void;
  /** Frames marked "use in report", as instance ids. */
  keyInstances(): ReadonlySet<string>;
  /** Chosen files; absent for those who may not add pictures. */
  readonly add?: (files: readonly File[]) => void;
  /** Says a sentence to the person. */
  say(sentence: string): void;
}

/** The row of thumbnails under the stage. */
export class Strip {
  private shown = "";

  constructor(
    private readonly element: HTMLElement,
    private readonly options: StripOptions,
  ) {
    options.pictures.onChange(() => this.draw());
    this.draw();
  }

  /** Marks what is on this side's stage. */
  mark(instanceId: string): void {
    this.shown = instanceId;
    this.draw();
  }

  draw(): void {
    const { pictures } = this.options;
    const pieces: HTMLElement[] = pictures.instances.map((instance) => this.thumb(instance));
    pieces.push(...pictures.files.map((file) => this.fileThumb(file)));
    if (this.options.add) {
      pieces.push(this.addButton(this.options.add));
    }
    if (pieces.length === 0) {
      pieces.push(words("p", t("No pictures yet. Your doctor adds them here."), "strip-empty"));
    }
    this.element.replaceChildren(...pieces);
  }

  private thumb(instance: InstanceManifest): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "room-thumb";
    button.dataset.instance = instance.id;
    const name = label(instance);
    button.setAttribute("aria-label", t("Show %(name)s", { name }));
    button.setAttribute("aria-current", String(instance.id === this.shown));
    const small = instance.renditions.thumbnail;
    if (small) {
      const image = document.createElement("img");
      image.src = small.url;
      image.alt = "";
      button.append(image);
    } else {
      button.append(icon(instance.kind === "clip" ? "video" : "image"));
    }
    if (instance.kind === "clip") {
      button.append(badge("play"));
    }
    if (this.options.keyInstances().has(instance.id)) {
      button.append(badge("file-text", "thumb-key"));
    }
    if (instance.state === "received" || instance.state === "processing") {
      button.append(bar(instance.progress, t("Being prepared")));
    }
    if (instance.state === "unusable") {
      button.classList.add("refused");
      button.title = instance.reason ?? "";
    }
    button.append(words("span", name, "thumb-words"));
    button.addEventListener("click", () => this.options.show(instance.id));
    return button;
  }

  private addButton(add: (files: readonly File[]) => void): HTMLElement {
    const field = document.createElement("label");
    field.className = "room-thumb room-add";
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.className = "visually-hidden";
    input.id = "add-pictures";
    input.addEventListener("change", () => {
      add([...(input.files ?? [])]);
      input.value = "";
    });
    field.append(icon("plus"), words("span", t("Add"), "thumb-words"), input);
    return field;
  }

  private fileThumb(file: IncomingFile): HTMLElement {
    const piece = document.createElement("button");
    piece.type = "button";
    piece.className = "room-thumb";
    if (file.state === "refused") {
      const reason = file.reason ?? t("This file cannot be used.");
      piece.classList.add("refused");
      piece.append(icon("triangle-alert"), words("span", reason, "visually-hidden"));
      piece.addEventListener("click", () => this.options.say(`${file.file_name}: ${reason}`));
    } else {
      const progress = file.size === 0 ? 0 : file.received / file.size;
      piece.append(icon("upload"), bar(progress, file.state === "checking" ? t("Being checked") : t("On its way")));
    }
    piece.append(words("span", file.file_name, "thumb-words"));
    return piece;
  }
}

function label(instance: InstanceManifest): string {
  const named = [instance.modality, instance.description].filter((part) => part !== "").join(" ");
  return named === "" ? instance.file_name : named;
}

function badge(name: string, extra = ""): Element {
  const shape = icon(name);
  shape.classList.add("thumb-kind");
  if (extra !== "") {
    shape.classList.add(extra);
  }
  return shape;
}

function bar(value: number, name: string): HTMLProgressElement {
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.value = value;
  progress.setAttribute("aria-label", name);
  return progress;
}

function words(tag: "p" | "span", text: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
