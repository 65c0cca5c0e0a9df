import type { Clock } from "./clock";
import { RUNGS, type Heard, type Rung } from "./ladder";

/** Older than this it says nothing about now. */
export const FRESH_MS = 4_000;
const MARK = '{"heard":';

interface Report {
  readonly heard: Heard;
  /** What the sender of this report sends on. */
  readonly rung: Rung;
  readonly serial: number;
  /** The newest serial that they have of us, and how long they have had it; milliseconds. */
  readonly echo: number | null;
  readonly waited: number;
}

/**
 * What two browsers tell each other once a second over their data channel: how the other's voice arrives and what one
 * sends oneself. Each report answers the last one of the other side, so that the way there and back is timed by it.
 */
export class Hearing {
  private serial = 0;
  private readonly sentAt = new Map<number, number>();
  private last: { readonly report: Report; readonly at: number } | null = null;
  private trip: { readonly milliseconds: number; readonly at: number } | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly send: (text: string) => void,
  ) {}

  /** How our voice arrives at them; null while they do not say. */
  get heard(): Heard | null {
    return this.fresh(this.last)?.report.heard ?? null;
  }

  /** What they send on. */
  get theirRung(): Rung | null {
    return this.fresh(this.last)?.report.rung ?? null;
  }

  /** Milliseconds there and back, queues included. */
  get roundTrip(): number | null {
    return this.fresh(this.trip)?.milliseconds ?? null;
  }

  tell(heard: Heard, rung: Rung): void {
    const now = this.clock.now();
    this.serial += 1;
    this.sentAt.set(this.serial, now);
    this.sentAt.delete(this.serial - 100);
    const echo = this.last?.report.serial ?? null;
    const waited = this.last === null ? 0 : now - this.last.at;
    this.send(JSON.stringify({ heard, rung, serial: this.serial, echo, waited } satisfies Report));
  }

  /** True for a message that was one of these, whether it could be used or not. */
  received(text: string): boolean {
    if (!text.startsWith(MARK)) {
      return false;
    }
    const report = parse(text);
    const now = this.clock.now();
    if (report !== null && report.serial !== this.last?.report.serial) {
      this.last = { report, at: now };
      const asked = report.echo === null ? undefined : this.sentAt.get(report.echo);
      if (asked !== undefined) {
        this.trip = { milliseconds: Math.max(0, now - asked - report.waited), at: now };
      }
    }
    return true;
  }

  /** Another connection: what was said of the old one is over. */
  forget(): void {
    this.last = null;
    this.trip = null;
  }

  private fresh<T extends { readonly at: number }>(value: T | null): T | null {
    return value !== null && this.clock.now() - value.at <= FRESH_MS ? value : null;
  }
}

function parse(text: string): Report | null {
  try {
    const { heard, rung, serial, echo, waited } = JSON.parse(text) as Record<string, unknown>;
    const { loss, concealed } = (heard ?? {}) as Record<string, unknown>;
    const known = RUNGS.find((one) => one === rung);
    if (!isShare(loss) || !isShare(concealed) || !isCount(serial) || !isCount(waited) || known === undefined) {
      return null;
    }
    return { heard: { loss, concealed }, rung: known, serial, echo: isCount(echo) ? echo : null, waited };
  } catch {
    return null; // cut short or made up: the next one comes in a second
  }
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
