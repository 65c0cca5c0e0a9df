import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { pageQueue } from "./page_queue";
import type { SendingQueue } from "./sending_queue";
import { durationWords } from "./sizes";

/** A small sign on pages that do not show the files themselves: how many are still being sent, and the way back. */
class Badge {
  private readonly link = document.createElement("a");
  private readonly words = document.createElement("span");

  constructor(private readonly queue: SendingQueue) {
    this.link.className = "sending-badge";
    this.link.hidden = true;
    this.link.append(icon("upload"), this.words);
    document.body.append(this.link);
    queue.onChange(() => this.draw());
    this.draw();
  }

  private draw(): void {
    const [first] = this.queue.unsent;
    const shown = document.getElementById("pictures") !== null || document.getElementById("stage") !== null;
    this.link.hidden = first === undefined || shown;
    if (first) {
      this.link.href = `/cases/${first.caseId}#pictures`;
      const words = badgeWords(this.queue);
      if (this.words.textContent !== words) {
        this.words.textContent = words;
      }
    }
  }
}

/** Also what a person reads who is somewhere else in Nidaan. */
export function badgeWords(queue: Pick<SendingQueue, "unsent" | "secondsLeft" | "isStopped">): string {
  const count = queue.unsent.length;
  const what = count === 1 ? t("1 file still being sent") : t("%(count)s files still being sent", { count });
  if (queue.isStopped || queue.unsent.every((transfer) => transfer.state === "paused")) {
    return count === 1 ? t("1 file paused") : t("%(count)s files paused", { count });
  }
  if (queue.unsent.some((transfer) => transfer.state === "offline")) {
    return t("%(what)s: no link just now", { what });
  }
  return queue.secondsLeft === null ? what : t("%(what)s, %(time)s", { what, time: durationWords(queue.secondsLeft) });
}

/** Keeps the screen on while something is being sent and looked at, so that a tablet does not fall asleep over it. */
class Waking {
  private lock: WakeLockSentinel | null = null;
  private asking = false;

  constructor(private readonly queue: SendingQueue) {
    queue.onChange(() => void this.follow());
    addEventListener("visibilitychange", () => void this.follow());
  }

  private async follow(): Promise<void> {
    const wanted = document.visibilityState === "visible" && this.queue.transfers.some((one) => one.state === "sending");
    if (!wanted) {
      const lock = this.lock;
      this.lock = null;
      await lock?.release().catch(() => undefined);
    } else if ((this.lock === null || this.lock.released) && !this.asking) {
      this.asking = true;
      try {
        this.lock = await navigator.wakeLock.request("screen");
      } catch {
        // An old browser, plain http, or a battery that is low: the screen may go dark.
      }
      this.asking = false;
    }
  }
}

let started = false;

/** Goes on sending whatever this person's device still has, on any page of the application. */
export async function sendInBackground(): Promise<void> {
  if (started) {
    return;
  }
  started = true;
  const queue = await pageQueue();
  new Badge(queue);
  new Waking(queue);
  addEventListener("beforeunload", (event) => {
    if (queue.atRisk.length > 0) {
      event.preventDefault();
    }
  });
}
