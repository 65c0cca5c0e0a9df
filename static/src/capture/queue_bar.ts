import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { CaseQueue } from "./page_queue";
import { durationWords, percent, sizeWords } from "./sizes";

/** How all of a case's files stand, in one sentence and one bar, and the button that stops or goes on with everything. */
export class QueueBar {
  readonly element = document.createElement("div");
  private readonly words = document.createElement("p");
  private readonly bar = document.createElement("progress");
  private readonly button = document.createElement("button");
  private stopped: boolean | undefined;

  constructor(private readonly queue: CaseQueue) {
    this.element.className = "queue-bar";
    this.element.hidden = true;
    this.words.setAttribute("role", "status");
    this.bar.setAttribute("aria-label", t("All files of this case"));
    this.button.type = "button";
    this.button.className = "quiet";
    this.button.addEventListener("click", () => (this.stopped ? queue.whole?.resumeAll() : queue.whole?.pauseAll()));
    this.element.append(this.words, this.bar, this.button);
  }

  draw(): void {
    const { queue } = this;
    const { unsent } = queue;
    this.element.hidden = unsent.length === 0;
    if (unsent.length === 0) {
      return;
    }
    const whole = unsent.reduce((sum, transfer) => sum + transfer.size, 0);
    this.bar.value = percent(whole - queue.bytesLeft, whole) / 100;
    const words = queueWords(queue);
    if (this.words.textContent !== words) {
      this.words.textContent = words;
    }
    this.drawButton(queue.whole?.isStopped ?? false);
  }

  private drawButton(stopped: boolean): void {
    if (stopped !== this.stopped) {
      this.stopped = stopped;
      this.button.replaceChildren(icon(stopped ? "play" : "pause"), stopped ? t("Go on with all") : t("Pause all"));
    }
  }
}

/** What is left to send, how long that takes, and whether the page may be left. */
export function queueWords(queue: Pick<CaseQueue, "unsent" | "bytesLeft" | "whole">): string {
  const left = { count: queue.unsent.length, size: sizeWords(queue.bytesLeft) };
  const what =
    left.count === 1
      ? t("1 file still to be sent, %(size)s left.", { size: left.size })
      : t("%(count)s files still to be sent, %(size)s left.", left);
  const seconds = queue.whole?.secondsLeft ?? null;
  const time = seconds === null ? "" : t("At this pace %(time)s.", { time: durationWords(seconds) });
  const kept = queue.unsent.every((transfer) => transfer.kept || transfer.state === "missing")
    ? t("You may leave this page: it goes on wherever Nidaan is open.")
    : t("Keep this page open until they are sent.");
  return [what, time, kept].filter((words) => words !== "").join(" ");
}
