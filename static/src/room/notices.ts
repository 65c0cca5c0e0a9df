import { icon } from "../ui/icon";
import { t } from "../ui/text";

const SHOWN_MS = 8000;

/** One sentence at a time over the room; warnings stay until they are put away. */
export class Notices {
  private readonly element = document.createElement("div");
  private readonly words = document.createElement("p");
  private action: HTMLElement | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parent: HTMLElement) {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "room-button";
    close.setAttribute("aria-label", t("Put this message away"));
    close.append(icon("x"));
    close.addEventListener("click", () => this.hide());
    this.element.className = "room-notice";
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    this.element.append(this.words, close);
    parent.append(this.element);
  }

  say(sentence: string, kind: "info" | "warning" = "info", action: HTMLElement | null = null): void {
    clearTimeout(this.timer);
    this.words.textContent = sentence;
    this.action?.remove();
    this.action = action;
    if (action) {
      this.words.after(action);
    }
    this.element.dataset.kind = kind;
    this.element.hidden = false;
    if (kind === "info") {
      this.timer = setTimeout(() => this.hide(), SHOWN_MS);
    }
  }

  hide(): void {
    this.element.hidden = true;
  }
}

/** Covers the room when there is nothing more to do in it: says why, and where to go. */
export function endRoom(room: HTMLElement, title: string, sentence: string, actions: readonly HTMLElement[]): void {
  const cover = document.createElement("div");
  cover.className = "room-cover";
  cover.setAttribute("role", "alertdialog");
  cover.setAttribute("aria-label", title);
  const heading = document.createElement("h2");
  heading.textContent = title;
  const words = document.createElement("p");
  words.textContent = sentence;
  cover.append(heading, words, ...actions);
  room.querySelector(".room-cover")?.remove();
  room.append(cover);
  actions[0]?.focus();
}

/** A link that looks like a button. */
export function linkButton(label: string, href: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.className = "room-button main";
  link.setAttribute("role", "button");
  link.href = href;
  link.textContent = label;
  return link;
}
