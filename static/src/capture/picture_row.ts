import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { Act, Item } from "./picture_items";

const KIND_ICONS = { still: "image", clip: "play", document: "file-text", file: "file-image", held: "lock" } as const;

function actSign(act: Act): { words: string; icon: string } {
  switch (act) {
    case "pause":
      return { words: t("Pause"), icon: "pause" };
    case "resume":
      return { words: t("Go on"), icon: "play" };
    case "first":
      return { words: t("Send first"), icon: "chevron-up" };
    case "choose":
      return { words: t("Choose it again"), icon: "folder-open" };
    case "cancel":
      return { words: t("Cancel"), icon: "x" };
    case "remove":
      return { words: t("Take off the list"), icon: "x" };
    case "decide":
      return { words: t("Decide"), icon: "circle-help" };
    case "read":
      return { words: t("Read"), icon: "file-text" };
    case "side":
      return { words: t("Which side?"), icon: "flip-horizontal-2" };
    case "look":
      return { words: t("Look"), icon: "maximize" };
  }
}

/** Another tab's copy of a picture is another object of the same size. */
function isSameFace(one: Item["thumbnail"], other: Item["thumbnail"]): boolean {
  return one === other || (one instanceof Blob && other instanceof Blob && one.size === other.size);
}

/** One line's element. It is kept while the line lives, so that a finger on a button is not disturbed by progress. */
export class PictureRow {
  readonly element = document.createElement("li");
  private readonly picture = document.createElement("span");
  private readonly title = document.createElement("strong");
  private readonly words = document.createElement("span");
  private readonly notes = document.createElement("span");
  private readonly bar = document.createElement("progress");
  private readonly acts = document.createElement("span");
  private item: Item | undefined;

  constructor(private readonly run: (act: Act, item: Item) => void) {
    this.element.className = "picture";
    this.picture.className = "picture-face";
    this.words.className = "picture-words";
    this.notes.className = "picture-notes";
    this.acts.className = "picture-acts";
    const text = document.createElement("span");
    text.className = "picture-text";
    text.append(this.title, this.words, this.bar, this.notes);
    this.element.append(this.picture, text, this.acts);
  }

  show(item: Item): void {
    const before = this.item;
    this.item = item;
    this.element.dataset.tone = item.tone;
    this.title.textContent = item.title;
    this.words.textContent = item.words;
    this.showNotes(item.notes ?? []);
    this.bar.hidden = item.progress === null;
    this.bar.value = item.progress ?? 0;
    this.bar.setAttribute("aria-label", item.title);
    if (!before || !isSameFace(before.thumbnail, item.thumbnail) || before.kind !== item.kind) {
      this.drawFace(item);
    }
    if (before?.acts.join() !== item.acts.join()) {
      this.drawActs(item);
    }
  }

  private showNotes(notes: readonly string[]): void {
    if (this.notes.childElementCount === notes.length && this.notes.textContent === notes.join("")) {
      return;
    }
    this.notes.replaceChildren(
      ...notes.map((words) => {
        const line = document.createElement("span");
        line.append(icon("triangle-alert"), words);
        return line;
      }),
    );
  }

  private drawFace(item: Item): void {
    if (item.thumbnail === null) {
      this.picture.replaceChildren(icon(KIND_ICONS[item.kind]));
      return;
    }
    const image = document.createElement("img");
    const own = typeof item.thumbnail === "string" ? null : URL.createObjectURL(item.thumbnail);
    image.src = own ?? (item.thumbnail as string);
    if (own !== null) {
      image.addEventListener("load", () => URL.revokeObjectURL(own), { once: true });
    }
    image.alt = "";
    image.decoding = "async";
    const mark = item.kind === "clip" ? [icon("play")] : [];
    this.picture.replaceChildren(image, ...mark);
  }

  private drawActs(item: Item): void {
    const buttons = item.acts.map((act) => {
      const button = document.createElement("button");
      const { words, icon: drawing } = actSign(act);
      button.type = "button";
      button.className = "quiet";
      // Which file it is about, for whoever hears the button without seeing the line; its own words come first.
      button.setAttribute("aria-label", `${words}: ${item.title}`);
      button.append(icon(drawing), words);
      button.addEventListener("click", () => this.item && this.run(act, this.item));
      return button;
    });
    this.acts.replaceChildren(...buttons);
  }
}
