import type { Door, Outcome } from "./door";
import type { Entry } from "./order";

const FIRST_LOOK_MS = 1000;
const LONGEST_LOOK_MS = 15_000;
const LOOKS_A_ROUND = 5;

/** Asks what became of files that are at the server, again and again until it has decided about each. */
export class Watching {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_LOOK_MS;

  constructor(
    private readonly door: Pick<Door, "outcome">,
    private readonly waiting: () => Entry[],
    private readonly decide: (entry: Entry, outcome: Outcome) => void,
  ) {}

  /** Something arrived, or the link came back: look soon. */
  soon(): void {
    this.pause = FIRST_LOOK_MS;
    this.go();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private go(): void {
    this.stop();
    const waiting = this.waiting();
    if (waiting.length > 0) {
      this.timer = setTimeout(() => void this.look(waiting.slice(0, LOOKS_A_ROUND)), this.pause);
      this.pause = Math.min(this.pause * 1.5, LONGEST_LOOK_MS);
    }
  }

  private async look(waiting: readonly Entry[]): Promise<void> {
    for (const entry of waiting) {
      try {
        const outcome = await this.door.outcome(entry.record.uploadId ?? "");
        if (outcome.state !== "checking") {
          this.pause = FIRST_LOOK_MS; // the server is at work: the next is soon done too
          this.decide(entry, outcome);
        }
      } catch {
        break; // no link: asked again later
      }
    }
    this.go();
  }
}
