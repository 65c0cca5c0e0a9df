/**
 * What gives way, in which order, when the uplink is weak: one state machine, without clock, network or page. The voice
 * comes first; each rung below gives up something so that the rung's own medium gets through.
 *
 * `picture` and `small_picture` and `voice` are climbed by themselves. `stills`, `text` and `question` have their place
 * in the order but are not entered yet.
 */
export const RUNGS = ["picture", "small_picture", "stills", "voice", "text", "question"] as const;
export type Rung = (typeof RUNGS)[number];

const CLIMBED: readonly Rung[] = ["picture", "small_picture", "voice"];

/** What the machine is told about the uplink to one other member. Rates in bits per second. */
export interface UplinkSample {
  readonly at: number;
  /** Share of our packets that were lost, 0 to 1. */
  readonly loss: number;
  readonly roundTrip: number | null;
  readonly available: number | null;
}

export interface Ladder {
  readonly rung: Rung;
  /** Samples in a row that were bad, or good. */
  readonly bad: number;
  readonly good: number;
  /** When the rung was reached. */
  readonly since: number;
  /** Not climbed before this. */
  readonly holdUntil: number;
  /** How long the next hold is; doubles each time that a climb did not last. */
  readonly hold: number;
  readonly climbed: boolean;
}

export const BAD_BEFORE_DOWN = 2;
export const GOOD_BEFORE_UP = 4;
export const FIRST_HOLD_MS = 10_000;
export const LONGEST_HOLD_MS = 120_000;
/** A climb that lasts this long was right. */
export const LASTING_MS = 30_000;

/** Below this estimate the rung does not fit beside the voice. */
const NEEDED: Readonly<Record<Rung, number>> = {
  picture: 150_000,
  small_picture: 70_000,
  stills: 40_000,
  voice: 0,
  text: 0,
  question: 0,
};
const BAD_LOSS = 0.12;
const FAIR_LOSS = 0.06;
const BAD_ROUND_TRIP_MS = 1500; // far above any link's own delay: a queue is filling
const FAIR_ROUND_TRIP_MS = 1000;

export function startLadder(at: number): Ladder {
  return { rung: "picture", bad: 0, good: 0, since: at, holdUntil: 0, hold: FIRST_HOLD_MS, climbed: false };
}

function isBad(ladder: Ladder, sample: UplinkSample): boolean {
  const squeezed = sample.available !== null && sample.available < NEEDED[ladder.rung];
  return squeezed || sample.loss > BAD_LOSS || (sample.roundTrip ?? 0) > BAD_ROUND_TRIP_MS;
}

/** The estimate says little while hardly anything is sent, so climbing asks only whether what is sent gets through. */
function isGood(sample: UplinkSample): boolean {
  return sample.loss <= FAIR_LOSS && (sample.roundTrip ?? 0) <= FAIR_ROUND_TRIP_MS;
}

function neighbour(rung: Rung, step: 1 | -1): Rung {
  return CLIMBED[CLIMBED.indexOf(rung) + step] ?? rung;
}

/** The ladder after one more sample. */
export function climb(ladder: Ladder, sample: UplinkSample): Ladder {
  const lasted = ladder.climbed && sample.at - ladder.since >= LASTING_MS;
  const counted: Ladder = {
    ...ladder,
    bad: isBad(ladder, sample) ? ladder.bad + 1 : 0,
    good: isGood(sample) ? ladder.good + 1 : 0,
    hold: lasted ? FIRST_HOLD_MS : ladder.hold,
    climbed: ladder.climbed && !lasted,
  };
  if (counted.bad >= BAD_BEFORE_DOWN) {
    return down(counted, sample.at);
  }
  return counted.good >= GOOD_BEFORE_UP && sample.at >= counted.holdUntil ? up(counted, sample.at) : counted;
}

function down(ladder: Ladder, at: number): Ladder {
  const rung = neighbour(ladder.rung, 1);
  if (rung === ladder.rung) {
    return ladder;
  }
  const hold = ladder.climbed ? Math.min(ladder.hold * 2, LONGEST_HOLD_MS) : ladder.hold;
  return { ...ladder, rung, bad: 0, good: 0, since: at, hold, holdUntil: at + hold, climbed: false };
}

function up(ladder: Ladder, at: number): Ladder {
  const rung = neighbour(ladder.rung, -1);
  if (rung === ladder.rung) {
    return ladder;
  }
  return { ...ladder, rung, bad: 0, good: 0, since: at, holdUntil: at + ladder.hold, climbed: true };
}

/** How the own picture is sent on a rung. */
export interface PictureOnRung {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly frameRate: number;
  readonly scaleDownBy: number;
}

export function pictureOn(rung: Rung): PictureOnRung {
  if (rung === "picture") {
    return { active: true, maxBitrate: 600_000, frameRate: 24, scaleDownBy: 1 };
  }
  return { active: rung === "small_picture", maxBitrate: 80_000, frameRate: 10, scaleDownBy: 2 };
}
