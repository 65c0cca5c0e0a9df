import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { ListedInstance } from "./listing";

/** A quick look at one picture's preview, before or outside the room where it is examined. */
export class Peek {
  private readonly dialog = document.createElement("dialog");
  private readonly image = document.createElement("img");
  private readonly title = document.createElement("h2");
  private readonly words = document.createElement("p");

  constructor() {
    this.dialog.className = "peek";
    this.title.id = "peek-title";
    this.dialog.setAttribute("aria-labelledby", this.title.id);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.append(icon("x"), t("Close"));
    close.addEventListener("click", () => this.dialog.close());
    const head = document.createElement("header");
    head.append(this.title, close);
    this.words.setAttribute("role", "status");
    this.dialog.append(head, this.image, this.words);
    this.image.addEventListener("load", () => (this.words.textContent = this.caption));
    this.image.addEventListener("error", () => (this.words.textContent = t("The picture could not be loaded. Try again.")));
  }

  private caption = "";

  open(instance: ListedInstance): void {
    if (instance.preview === null) {
      return;
    }
    if (!this.dialog.isConnected) {
      document.body.append(this.dialog);
    }
    this.caption =
      instance.kind === "clip"
        ? t("First of %(count)s frames, as a preview. It plays in the room.", { count: instance.frames })
        : t("A preview. It is examined at full quality in the room.");
    this.title.textContent = instance.name;
    this.image.alt = instance.name;
    this.words.textContent = t("Loading the picture…");
    this.image.src = instance.preview;
    this.dialog.showModal();
  }
}
