/**
 * How much of the path files may take beside a voice: found out by trying, as TCP does, but from the first sign of a
 * queue on and never at the voice's cost. Pure: told once a second how the voice is doing. Rates in bytes a second.
 */
export interface Pace {
  /** 0: nothing may be sent. */
  readonly rate: number;
  /** Looks in a row without strain. */
  readonly calm: number;
  /** No change before so many looks: what was sent last still has to show. */
  readonly wait: number;
}

/** How the voice is doing, the worst of all links. */
export interface Strain {
  /** Milliseconds that packets wait in the line's buffers. */
  readonly queue: number;
  /** Share of the voice that had to be made up, there or here. */
  readonly concealed: number;
  /** The link is gone, or its voice does not get through. */
  readonly broken: boolean;
}

export const SLOWEST = 1_000;
export const FASTEST = 2_000_000;
const FIRST = 2_000;
const STRAINED_QUEUE_MS = 200;
const BAD_QUEUE_MS = 600;
const STRAINED_CONCEALED = 0.02;
const BAD_CONCEALED = 0.08;
const CALM_BEFORE_START = 3;
const GROWTH = 1.15;
const CUT = 0.6;
const SHOWN_AFTER = 2;

/** At the beginning of a call files wait until it is known that the voice gets through. */
export const WAITING: Pace = { rate: 0, calm: 0, wait: 0 };

export function pace(before: Pace, strain: Strain): Pace {
  if (strain.broken || strain.queue > BAD_QUEUE_MS || strain.concealed > BAD_CONCEALED) {
    return WAITING;
  }
  const isStrained = strain.queue > STRAINED_QUEUE_MS || strain.concealed > STRAINED_CONCEALED;
  const calm = isStrained ? 0 : before.calm + 1;
  const wait = Math.max(0, before.wait - 1);
  if (before.rate === 0) {
    return { rate: calm >= CALM_BEFORE_START ? FIRST : 0, calm, wait };
  }
  if (before.wait > 0) {
    return { rate: before.rate, calm, wait };
  }
  if (isStrained) {
    return { rate: Math.max(SLOWEST, Math.round(before.rate * CUT)), calm, wait: SHOWN_AFTER };
  }
  return { rate: Math.min(FASTEST, Math.round(before.rate * GROWTH)), calm, wait };
}
