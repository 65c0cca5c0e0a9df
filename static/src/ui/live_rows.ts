import { ApiError } from "./api";
import { t } from "./text";
import { localiseTimes } from "./when";

const TROUBLE_MS = 5000;

/**
 * A part of a page that the server draws, `#rows[data-source]`, drawn again when something may have changed. The
 * server answers 204 when it would look the same, so asking often costs little.
 */
export class LiveRows {
  private running = false;
  private again = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly said: HTMLElement | null,
    private readonly changed: () => void = () => undefined,
  ) {}

  /** Asks the server now; a call while one is under way makes it ask once more. */
  async refresh(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    try {
      do {
        this.again = false;
        await this.fetch();
      } while (this.wantedAgain());
      this.say("");
    } catch (error) {
      this.say(error instanceof ApiError ? error.message : t("No link just now: this list may be old. Trying again."));
      setTimeout(() => void this.refresh(), TROUBLE_MS);
    } finally {
      this.running = false;
    }
  }

  private wantedAgain(): boolean {
    return this.again;
  }

  private async fetch(): Promise<void> {
    const known = this.element.querySelector<HTMLElement>("[data-digest]")?.dataset.digest ?? "";
    const url = `${this.element.dataset.source ?? ""}?known=${encodeURIComponent(known)}`;
    const headers = { "X-Requested-With": "XMLHttpRequest" };
    const answer = await fetch(url, { headers, credentials: "same-origin" });
    if (answer.status === 204) {
      return;
    }
    if (answer.status === 404) {
      throw new ApiError("signed_out", t("You are signed out. Sign in again to go on."), { status: 404 });
    }
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    this.put(await answer.text());
  }

  private put(html: string): void {
    // The server's own page part, escaped there as every page is; scripts in a parsed document do not run.
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const place = focused?.closest<HTMLElement>("[data-consult]")?.dataset.consult;
    this.element.replaceChildren(...parsed.body.childNodes);
    localiseTimes(this.element);
    if (place) {
      this.element.querySelector<HTMLElement>(`[data-consult="${place}"] a`)?.focus();
    }
    this.changed();
  }

  private say(words: string): void {
    if (this.said) {
      this.said.hidden = words === "";
      this.said.textContent = words;
    }
  }
}
