import { t } from "../ui/text";
import type { Still } from "./stills";

/** How old a still is. */
export function ageWords(still: Still, now = Date.now()): string {
  return t("%(seconds)s s ago", { seconds: Math.max(0, Math.round((now - still.takenAt) / 1000)) });
}

/** A still and its age, which is said so that nobody takes it for a moving picture. */
export class StillView {
  readonly element = document.createElement("span");
  private readonly image = document.createElement("img");
  private readonly age = document.createElement("span");

  constructor() {
    this.element.className = "call-still";
    this.element.hidden = true;
    this.image.alt = "";
    this.age.className = "call-still-age";
    this.element.append(this.image, this.age);
  }

  get isShown(): boolean {
    return !this.element.hidden;
  }

  /** Drawn once a second, with everything else of the call. */
  draw(still: Still | null, now = Date.now()): void {
    this.element.hidden = still === null;
    if (still === null) {
      this.image.removeAttribute("src");
      return;
    }
    if (this.image.src !== still.url) {
      this.image.src = still.url;
    }
    const words = ageWords(still, now);
    if (this.age.textContent !== words) {
      this.age.textContent = words;
    }
  }
}
