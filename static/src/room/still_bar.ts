import { icon } from "../ui/icon";

export interface BarAct {
  readonly icon: string;
  readonly words: string;
  readonly main?: boolean;
  act(): void;
}

/** One sentence about a picture that is being taken, with what can be done about it, over the stage. */
export class StillBar {
  private readonly element = document.createElement("div");
  private readonly words = document.createElement("p");
  private readonly acts = document.createElement("span");
  private readonly progress = document.createElement("progress");
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawn = "";

  constructor(private readonly parent: HTMLElement) {
    this.element.className = "still-bar";
    this.words.setAttribute("role", "status");
    this.acts.className = "still-acts";
    this.progress.max = 1;
    this.element.append(this.words, this.progress, this.acts);
  }

  /** `share`: how much of it is sent, 0 to 1. */
  say(name: string, sentence: string, acts: readonly BarAct[] = [], share: number | null = null): void {
    clearTimeout(this.timer);
    if (this.words.textContent !== sentence) {
      this.words.textContent = sentence;
      this.words.prepend(icon(name));
    }
    this.progress.hidden = share === null;
    this.progress.value = share ?? 0;
    const offered = acts.map((one) => one.words).join("|");
    if (offered !== this.drawn) {
      this.drawn = offered; // else a finger on a button would lose it
      this.acts.replaceChildren(...acts.map(made));
    }
    if (!this.element.isConnected) {
      this.parent.append(this.element);
    }
  }

  /** Says a last sentence and goes. */
  end(name: string, sentence: string, ms = 6000): void {
    this.say(name, sentence);
    this.timer = setTimeout(() => this.hide(), ms);
  }

  hide(): void {
    clearTimeout(this.timer);
    this.drawn = "";
    this.acts.replaceChildren();
    this.element.remove();
  }
}

function made(one: BarAct): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = one.main === true ? "room-button main" : "room-button";
  button.append(icon(one.icon), one.words);
  button.addEventListener("click", () => one.act());
  return button;
}
