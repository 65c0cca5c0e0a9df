import { icon } from "../ui/icon";

export function made<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.className = className;
  element.append(...children);
  return element;
}

/** A button with an icon and its word under or beside it, at least 44 px in both directions. */
export class IconButton {
  readonly root: HTMLButtonElement;
  private readonly words = made("span", "stage-tool-word");
  private drawing: SVGElement;
  private shown: string;

  constructor(name: string, words: string, press: () => void) {
    this.root = made("button", "stage-tool");
    this.root.type = "button";
    this.drawing = icon(name);
    this.shown = name;
    this.words.textContent = words;
    this.root.append(this.drawing, this.words);
    this.root.addEventListener("click", press);
  }

  /** Another icon and word for the same button. */
  relabel(name: string, words: string): void {
    if (name !== this.shown) {
      const next = icon(name);
      this.drawing.replaceWith(next);
      this.drawing = next;
      this.shown = name;
    }
    if (this.words.textContent !== words) {
      this.words.textContent = words;
    }
  }

  set pressed(on: boolean) {
    this.root.setAttribute("aria-pressed", String(on));
  }

  set enabled(on: boolean) {
    this.root.disabled = !on;
  }
}

/** A plain button with a word. */
export function wordButton(words: string, press: () => void, primary = false): HTMLButtonElement {
  const button = made("button", primary ? "stage-button stage-button-main" : "stage-button", words);
  button.type = "button";
  button.addEventListener("click", press);
  return button;
}
