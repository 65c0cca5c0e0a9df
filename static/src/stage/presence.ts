import type { View } from "./schema";

export interface Pointer {
  readonly instance: string;
  readonly frame: number;
  readonly x: number;
  readonly y: number;
}

/** What passes between browsers and is never stored. `at` is in ms and grows with each state of one sender. */
export interface AwarenessState {
  readonly pointer: Pointer | null;
  readonly view: View | null;
  readonly at: number;
}

/** How it travels: a data channel, or the server where there is none. */
export interface AwarenessChannel {
  send(state: AwarenessState): void;
  on(handler: (from: string, state: { pointer: unknown; view: unknown; at: number }) => void): () => void;
}

const PERIOD_MS = 67; // at most 15 a second
const REPEAT_MS = 1000;
const REPEATS = 3; // a lost last state is made good within a second, then the wire is quiet

/** Sends one's own pointer and moving view: the whole state, often while it changes, a few times after. */
export class Presence {
  private pointer: Pointer | null = null;
  private view: View | null = null;
  private sentAt = -Infinity;
  private stamp = 0;
  private repeats = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly channel: AwarenessChannel,
    private readonly serverNow: () => number,
  ) {}

  point(pointer: Pointer | null): void {
    if (pointer !== null || this.pointer !== null) {
      this.pointer = pointer;
      this.changed();
    }
  }

  move(view: View): void {
    this.view = view;
    this.changed();
  }

  /** No longer presenting: later states carry no view. */
  still(): void {
    this.view = null;
  }

  destroy(): void {
    clearTimeout(this.timer);
  }

  private changed(): void {
    this.repeats = 0;
    this.plan(Math.max(0, this.sentAt + PERIOD_MS - performance.now()));
  }

  private plan(pause: number): void {
    clearTimeout(this.timer);
    if (pause === 0) {
      this.send();
    } else {
      this.timer = setTimeout(() => this.send(), pause);
    }
  }

  private send(): void {
    this.sentAt = performance.now();
    this.stamp = Math.max(this.stamp + 1, Math.round(this.serverNow()));
    this.channel.send({ pointer: this.pointer, view: this.view, at: this.stamp });
    if (this.repeats < REPEATS) {
      this.repeats += 1;
      this.plan(REPEAT_MS);
    } else {
      this.view = null;
    }
  }
}
