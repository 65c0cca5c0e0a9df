/** One consult's page (and a case's): its pictures, and a word when its state has moved on. */
import "../styles/chat_log.css";
import "../styles/consult.css";
import { mountPictures } from "../capture/pictures";
import { ApiError, getJson } from "../ui/api";
import { t } from "../ui/text";

const EVERY_MS = 8000;
const ENDED = new Set(["concluded", "cancelled", "declined"]);

/** Reads the state now and then; when it moved on the page is loaded again, unless somebody is writing in it. */
class StateWatch {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly consultId: string,
    private readonly shown: string,
    private readonly busy: () => boolean,
  ) {
    addEventListener("visibilitychange", () => this.soon(0));
    addEventListener("online", () => this.soon(0));
    this.soon(EVERY_MS);
  }

  private soon(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), pause);
  }

  private async look(): Promise<void> {
    if (document.visibilityState !== "visible") {
      return;
    }
    try {
      const { state } = await getJson<{ state: string }>(`/api/consults/${this.consultId}/state`);
      if (state !== this.shown) {
        this.movedOn();
        return;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
        this.movedOn();
        return;
      }
    }
    this.soon(EVERY_MS);
  }

  private movedOn(): void {
    if (!this.busy()) {
      location.reload();
      return;
    }
    const line = document.getElementById("link-state");
    if (line) {
      const link = document.createElement("a");
      link.href = location.pathname;
      link.textContent = t("Show it");
      line.hidden = false;
      line.replaceChildren(t("This consult has moved on."), " ", link);
    }
  }
}

function isWriting(): boolean {
  const active = document.activeElement;
  const inField = active instanceof HTMLTextAreaElement || active instanceof HTMLInputElement;
  return inField || document.querySelector("dialog[open]") !== null;
}

function start(): void {
  const pictures = mountPictures();
  // What is kept on this device goes on being sent after the page is loaded again.
  const unsent = (): boolean => (pictures?.queue.atRisk.length ?? 0) > 0;
  const views = document.getElementById("views");
  if (pictures && views?.dataset.case) {
    const caseId = views.dataset.case;
    void import("../guards/views_on_page").then(({ mountViews }) => mountViews(views, caseId, pictures));
  }
  const page = document.getElementById("consult");
  const state = page?.dataset.state ?? "";
  if (page?.dataset.consult && !ENDED.has(state)) {
    new StateWatch(page.dataset.consult, state, () => unsent() || isWriting());
  }
}

start();
