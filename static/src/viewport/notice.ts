import { t } from "../ui/text";
import { isHeld } from "./held_picture";
import type { Picture } from "./picture";

const PATIENCE_MS = 2000;

export interface NoticeState {
  readonly words: string;
  /** 0 to 1, or null where there is nothing to measure. */
  readonly progress: number | null;
  readonly retry: boolean;
}

function percent(part: number): number {
  return Math.floor(part * 100);
}

/** Why a held picture is not shown: the same sentence at both sides. */
export function heldWords(): string {
  return t("Held: the file names another patient. The treating doctor must decide whose picture it is.");
}

/** What to say over a picture that does not show what was asked for; null while all is well. `waited` in ms. */
export function noticeOf(picture: Picture, wantedFrame: number, waited: number): NoticeState | null {
  const { manifest, received } = picture;
  if (isHeld(manifest)) {
    return { words: heldWords(), progress: null, retry: false };
  }
  if (manifest.state === "unusable") {
    const words = manifest.reason ?? t("This file is not a picture that can be shown.");
    return { words, progress: null, retry: false };
  }
  if (picture.failure !== null) {
    return { words: picture.failure, progress: null, retry: true };
  }
  if (manifest.kind === "document" && manifest.state === "ready" && !manifest.renditions.preview) {
    return { words: t("This document cannot be shown as a picture. Open it from the list of pictures."), progress: null, retry: false };
  }
  if (manifest.state !== "ready" && picture.shownFrame === 0) {
    const words = t("This picture is being prepared: %(percent)s %%", { percent: percent(manifest.progress) });
    return { words, progress: manifest.progress, retry: false };
  }
  if (picture.shownFrame === wantedFrame || waited < PATIENCE_MS) {
    return null;
  }
  if (manifest.kind === "clip") {
    const words = t("Fetching the clip: %(percent)s %%", { percent: percent(received) });
    return { words, progress: received, retry: false };
  }
  const bytes = manifest.renditions.preview?.bytes ?? 0;
  return { words: t("Fetching the picture (%(size)s KB)", { size: Math.ceil(bytes / 1024) }), progress: null, retry: false };
}

/** The sentence in the middle of the viewport. */
export class Notice {
  readonly root = document.createElement("div");
  private readonly words = document.createElement("p");
  private readonly bar = document.createElement("progress");
  private readonly again = document.createElement("button");

  constructor(retry: () => void) {
    this.root.className = "stage-notice";
    this.root.setAttribute("role", "status");
    this.bar.max = 1;
    this.again.type = "button";
    this.again.className = "stage-button";
    this.again.textContent = t("Try again");
    this.again.addEventListener("click", retry);
    this.root.append(this.words, this.bar, this.again);
    this.show(null);
  }

  get text(): string {
    return this.root.hidden ? "" : this.words.textContent;
  }

  show(state: NoticeState | null): void {
    this.root.hidden = state === null;
    if (!state) {
      return;
    }
    if (this.words.textContent !== state.words) {
      this.words.textContent = state.words;
    }
    this.bar.hidden = state.progress === null;
    this.bar.value = state.progress ?? 0;
    this.bar.setAttribute("aria-label", state.words);
    this.again.hidden = !state.retry;
  }
}
