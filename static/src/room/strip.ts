import type { CaseQueue } from "../capture/page_queue";
import { percent } from "../capture/sizes";
import type { Transfer } from "../capture/transfer";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { isHeld } from "../viewport/held_picture";
import type { InstanceManifest } from "../viewport/manifest";
import { heldWords } from "../viewport/notice";
import type { CasePictures, IncomingFile } from "./case_pictures";

const KIND_ICONS = { still: "image", clip: "video", document: "file-text" } as const;

export interface StripOptions {
  readonly pictures: CasePictures;
  /** Put on the stage. */
  show(instanceId: string): void;
  /** Frames marked "use in report", as instance ids. */
  keyInstances(): ReadonlySet<string>;
  /** What this device is sending; null for those who may not add pictures. */
  readonly queue: CaseQueue | null;
  /** Opens the place where pictures are added. */
  add(): void;
  /** Which views are asked for, and where they are answered; null for guests. */
  readonly views: { readonly count: () => number; readonly open: () => void } | null;
  /** Ask whose a held picture is; null for those who may not decide. */
  readonly decide: ((instanceId: string) => void) | null;
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
    options.queue?.onChange(() => this.draw());
    this.draw();
  }

  /** Marks what is on this side's stage. */
  mark(instanceId: string): void {
    this.shown = instanceId;
    this.draw();
  }

  draw(): void {
    const { pictures, queue } = this.options;
    const sending = (queue?.transfers ?? []).filter((transfer) => transfer.state !== "sent");
    const own = new Set(sending.map((transfer) => transfer.uploadId));
    const seen = new Set(this.seen().map((file) => file.id)); // their previews stand for them
    const pieces: HTMLElement[] = pictures.instances.map((instance) =>
      isHeld(instance) ? this.heldThumb(instance) : this.thumb(instance),
    );
    pieces.push(...pictures.files.filter((file) => !own.has(file.id) && !seen.has(file.id)).map((file) => this.fileThumb(fromServer(file))));
    pieces.push(...sending.filter((one) => !seen.has(one.uploadId ?? "")).map((one) => this.fileThumb(fromHere(one))));
    if (queue) {
      pieces.push(this.addButton());
    }
    if (this.options.views) {
      pieces.push(viewsButton(this.options.views.count(), this.options.views.open));
    }
    if (pieces.length === 0) {
      pieces.push(words("p", t("No pictures yet. Your doctor adds them here."), "strip-empty"));
    }
    this.element.replaceChildren(...pieces);
  }

  /** Files on their way of which a preview shows. */
  private seen(): IncomingFile[] {
    const { files, instances } = this.options.pictures;
    const shown = new Set(instances.map((instance) => instance.id));
    return files.filter((file) => file.state !== "refused" && file.instances?.some((id) => shown.has(id)) === true);
  }

  private thumb(instance: InstanceManifest): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "room-thumb";
    button.dataset.instance = instance.id;
    const name = label(instance);
    button.setAttribute("aria-label", t("Show %(name)s", { name }));
    button.setAttribute("aria-current", String(instance.id === this.shown));
    const small = instance.renditions.thumbnail ?? instance.renditions.tablet_preview;
    if (small) {
      const image = document.createElement("img");
      image.src = small.url;
      image.alt = "";
      button.append(image);
    } else {
      button.append(icon(KIND_ICONS[instance.kind]));
    }
    if (instance.kind === "clip") {
      button.append(badge("play"));
    }
    if (this.options.keyInstances().has(instance.id)) {
      button.append(badge("file-text", "thumb-key"));
    }
    const file = this.seen().find((one) => one.instances?.includes(instance.id));
    if (instance.state === "received" || instance.state === "processing") {
      button.append(bar(instance.progress, t("Being prepared")));
    } else if (instance.state === "provisional" && file) {
      button.append(bar(fromServer(file).share, fromServer(file).words));
    }
    if (instance.state === "unusable" || (instance.state === "provisional" && instance.reason !== null)) {
      button.classList.add("refused");
      button.title = instance.reason ?? "";
    }
    button.append(words("span", name, "thumb-words"));
    button.addEventListener("click", () => this.options.show(instance.id));
    return button;
  }

  /** A picture that nobody may see: those who may decide are asked, the others are told. */
  private heldThumb(instance: InstanceManifest): HTMLElement {
    const { decide } = this.options;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "room-thumb refused";
    button.dataset.instance = instance.id;
    const name = instance.file_name;
    button.setAttribute("aria-label", decide ? t("Held, decide whose it is: %(name)s", { name }) : t("Held: %(name)s", { name }));
    button.append(icon("lock"), words("span", decide ? t("Decide") : t("Held"), "thumb-words"));
    button.addEventListener("click", () => (decide ? decide(instance.id) : this.options.say(heldWords())));
    return button;
  }

  private addButton(): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "room-thumb room-add";
    button.id = "add-pictures";
    button.append(icon("plus"), words("span", t("Add"), "thumb-words"));
    button.addEventListener("click", () => this.options.add());
    return button;
  }

  private fileThumb(file: Underway): HTMLElement {
    const piece = document.createElement("button");
    piece.type = "button";
    piece.className = "room-thumb";
    if (file.refusal !== null) {
      const sentence = `${file.name}: ${file.refusal}`;
      piece.classList.add("refused");
      piece.append(icon("triangle-alert"), words("span", sentence, "visually-hidden"));
      piece.addEventListener("click", () => this.options.say(sentence));
    } else {
      piece.append(faceOf(file.face), bar(file.share, file.words));
      piece.addEventListener("click", () => this.options.say(`${file.name}: ${file.words}`));
    }
    piece.append(words("span", file.name, "thumb-words"));
    return piece;
  }
}

/** Opens what is asked for and what is missing; says how many views wait. */
function viewsButton(count: number, open: () => void): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = count > 0 ? "room-thumb room-views waiting" : "room-thumb room-views";
  button.setAttribute("aria-label", count > 0 ? t("Views, %(count)s asked for", { count }) : t("Views"));
  button.append(icon("clipboard-list"), words("span", count > 0 ? t("%(count)s asked", { count }) : t("Views"), "thumb-words"));
  button.addEventListener("click", open);
  return button;
}

/** A file that is not yet a picture, from this device or another. */
interface Underway {
  readonly name: string;
  readonly share: number;
  readonly words: string;
  readonly refusal: string | null;
  readonly face: Blob | null;
}

const faces = new WeakMap<Blob, HTMLImageElement>();

/** The tablet's own small picture, or a sign; drawn once, for the strip is drawn at every piece that is sent. */
function faceOf(face: Blob | null): Element {
  if (face === null) {
    return icon("upload");
  }
  const known = faces.get(face) ?? document.createElement("img");
  if (known.src === "") {
    const url = URL.createObjectURL(face);
    known.alt = "";
    known.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    known.src = url;
    faces.set(face, known);
  }
  return known;
}

function fromServer(file: IncomingFile): Underway {
  return {
    name: file.file_name,
    share: file.size === 0 ? 0 : file.received / file.size,
    words: file.state === "checking" ? t("Being checked") : t("On its way"),
    refusal: file.state === "refused" ? (file.reason ?? t("This file cannot be used.")) : null,
    face: null,
  };
}

function fromHere(transfer: Transfer): Underway {
  const share = percent(transfer.sent, transfer.size);
  return {
    name: transfer.name,
    share: share / 100,
    words: transferSentence(transfer, share),
    refusal: transfer.state === "refused" ? (transfer.reason ?? t("This file cannot be used.")) : null,
    face: transfer.face,
  };
}

function transferSentence(transfer: Transfer, share: number): string {
  switch (transfer.state) {
    case "offline":
      return transfer.reason ?? t("Waiting for the link. It goes on by itself.");
    case "paused":
      return transfer.reason ?? t("Paused.");
    case "missing":
      return t("This device no longer has the file. Add it again: it goes on where it stopped.");
    case "waiting":
      return t("Waits for its turn.");
    case "sending":
    case "sent":
    case "refused":
      return t("On its way: %(percent)s %%", { percent: share });
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
