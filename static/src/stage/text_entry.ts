import { t } from "../ui/text";
import type { Point, Size } from "../viewport/view";
import { made } from "./elements";
import { LONGEST_TEXT } from "./schema";

const WIDTH = 240;
const HEIGHT = 48;

/** One line of text typed where it will stand. Leaving the field keeps what was typed; Escape does not. */
export class TextEntry {
  readonly root = made("input", "stage-text");
  private done: ((text: string | null) => void) | null = null;

  constructor() {
    this.root.type = "text";
    this.root.maxLength = LONGEST_TEXT;
    this.root.hidden = true;
    this.root.placeholder = t("What is it? (optional)");
    this.root.setAttribute("aria-label", t("Text of the drawing"));
    this.root.setAttribute("enterkeyhint", "done");
    this.root.addEventListener("keydown", (event) => this.keyed(event));
    this.root.addEventListener("blur", () => this.finish(this.root.value));
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  /** Asks for a text at a place of the viewport; `done` gets it, or null if it is to stay as it was. */
  ask(text: string, at: Point, viewport: Size, done: (text: string | null) => void): void {
    this.finish(null);
    this.done = done;
    this.root.value = text;
    this.root.hidden = false;
    const x = Math.min(Math.max(8, at.x), Math.max(8, viewport.width - WIDTH - 8));
    const y = Math.min(Math.max(8, at.y - HEIGHT / 2), Math.max(8, viewport.height - HEIGHT - 8));
    this.root.style.transform = `translate(${x.toFixed(0)}px, ${y.toFixed(0)}px)`;
    this.root.focus({ preventScroll: true });
  }

  finish(text: string | null): void {
    const done = this.done;
    this.done = null;
    this.root.hidden = true;
    done?.(text?.trim() ?? null);
  }

  private keyed(event: KeyboardEvent): void {
    event.stopPropagation(); // letters are words here, not keys of the viewport
    if (event.key === "Enter") {
      this.finish(this.root.value);
    } else if (event.key === "Escape") {
      this.finish(null);
    }
  }
}
