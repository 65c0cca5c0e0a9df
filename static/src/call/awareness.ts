import type { Clock } from "./clock";
import type { CallConnection } from "./signals";

export interface Pointer {
  readonly instance: string;
  readonly frame: number;
  readonly x: number;
  readonly y: number;
}

/** A moving pointer and, while it moves, a moving view; `at`: milliseconds, grows with each state of one sender. */
export interface AwarenessState<View = unknown> {
  readonly pointer: Pointer | null;
  readonly view: View | null;
  readonly at: number;
}

export interface AwarenessOptions {
  readonly connection: CallConnection;
  readonly clock: Clock;
  /** Those whose data channel is open, and how to send to all of them. */
  reached(): ReadonlySet<string>;
  sendToReached(text: string): void;
  /** Everyone else who is in the room. */
  audience(): Iterable<string>;
}

export const SOCKET_PERIOD_MS = 100;
const LONGEST_MESSAGE = 8192;
const CLOCK_SET_BACK_MS = 5000;

function finite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPointer(value: unknown): value is Pointer {
  return isRecord(value) && typeof value.instance === "string" && finite(value.frame) && finite(value.x) && finite(value.y);
}

/** A state that another browser sent, or null where it is none. The view is the stage's to judge. */
export function parseAwareness(value: unknown): AwarenessState | null {
  if (!isRecord(value) || !finite(value.at)) {
    return null;
  }
  const pointer = isPointer(value.pointer) ? value.pointer : null;
  return { pointer, view: isRecord(value.view) ? value.view : null, at: value.at };
}

/**
 * Pointers and moving views, never stored: over the data channel to everyone who has one, through the server (at most
 * ten a second, the last state always) where somebody in the room has none.
 */
export class AwarenessChannel<View = unknown> {
  private readonly handlers = new Set<(from: string, state: AwarenessState<View>) => void>();
  private readonly newest = new Map<string, number>();
  private waiting: AwarenessState<View> | null = null;
  private sentAt = Number.NEGATIVE_INFINITY;
  private cancel: (() => void) | null = null;

  constructor(private readonly options: AwarenessOptions) {
    options.connection.on("stage_pointed", ({ from, state }) => this.deliver(from, state));
  }

  /** Sends the whole state; the last one counts. */
  send(state: AwarenessState<View>): void {
    this.options.sendToReached(JSON.stringify(state));
    const reached = this.options.reached();
    if ([...this.options.audience()].some((participant) => !reached.has(participant))) {
      this.waiting = state;
      this.sendToServer();
    }
  }

  /** Told each state of the others once, in order; returns what stops that. */
  on(handler: (from: string, state: AwarenessState<View>) => void): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  /** A message of a data channel, whose sender is known from the connection it came by. */
  received(from: string, text: string): void {
    if (text.length > LONGEST_MESSAGE) {
      return;
    }
    try {
      this.deliver(from, JSON.parse(text));
    } catch {
      // Not JSON: nothing that this program sends. One lost pointer is no loss.
    }
  }

  private deliver(from: string, value: unknown): void {
    const state = parseAwareness(value);
    // The same state may come by both ways, and an unordered channel may bring an older one late.
    const newest = this.newest.get(from) ?? Number.NEGATIVE_INFINITY;
    if (state === null || (state.at <= newest && state.at > newest - CLOCK_SET_BACK_MS)) {
      return;
    }
    this.newest.set(from, state.at);
    for (const handler of [...this.handlers]) {
      handler(from, state as AwarenessState<View>);
    }
  }

  private sendToServer(): void {
    if (this.cancel !== null || this.waiting === null) {
      return;
    }
    const wait = this.sentAt + SOCKET_PERIOD_MS - this.options.clock.now();
    if (wait > 0) {
      this.cancel = this.options.clock.after(wait, () => {
        this.cancel = null;
        this.sendToServer();
      });
      return;
    }
    const state = this.waiting;
    this.waiting = null;
    this.sentAt = this.options.clock.now();
    // A state that does not arrive is replaced by the next one.
    void this.options.connection.request("point_stage", { state: state as never }).catch(() => undefined);
  }
}
