/**
 * What gives way, in which order, when the uplink is weak: one state machine, without clock, network or page. The voice
 * comes first; each rung below gives up something so that the rung's own medium gets through. Each side climbs by
 * itself for what it sends: by its own uplink, and by what the other side tells it that arrives.
 */
export const RUNGS = ["picture", "small_picture", "stills", "voice", "text", "question"] as const;
export type Rung = (typeof RUNGS)[number];

/** What the other side says of our voice, over its last second: shares of 1. */
export interface Heard {
  readonly loss: number;
  readonly concealed: number;
}

/** One look at the uplink to one other member. Rates in bits per second, times in milliseconds. */
export interface UplinkSample {
  readonly at: number;
  /** Share of our packets that were lost, 0 to 1. */
  readonly loss: number;
  readonly roundTrip: number | null;
  readonly available: number | null;
  /** Null where the other side cannot tell. */
  readonly heard: Heard | null;
  /** Since when nothing at all comes from them; 0 while the link lives. */
  readonly gone: number;
}

/** The highest rung that is climbed by itself; `firm`: nor by hand (the month's data is used up). */
export interface Ceiling {
  readonly rung: Rung;
  readonly firm: boolean;
}

export interface Ladder {
  readonly rung: Rung;
  /** Samples in a row that were bad, good, or in which no word got through. */
  readonly bad: number;
  readonly good: number;
  readonly mute: number;
  /** When the rung was reached. */
  readonly since: number;
  /** Not climbed before this. */
  readonly holdUntil: number;
  /** How long the next hold is; doubles each time that a climb did not last. */
  readonly hold: number;
  readonly climbed: boolean;
  /** The loss, evened out over some seconds. */
  readonly loss: number;
  /** The path's own delay: the shortest round trip of the last half minute, in which another path may have come. */
  readonly base: number | null;
  /** The shortest of this quarter of a minute, and when that began. */
  readonly lately: { readonly shortest: number; readonly since: number } | null;
  readonly roundTrip: number | null;
  /** What the person wants; null leaves it to the link. */
  readonly chosen: Rung | null;
  readonly ceiling: Ceiling;
  /** Since when nothing is said, so that the line's buffers run empty; null while the voice is sent. */
  readonly drainedFrom: number | null;
  /** The rung that a link took along when it was lost. */
  readonly before: Rung | null;
}

export const LOOK_MS = 1_000;
export const BAD_BEFORE_DOWN = 3;
export const GOOD_BEFORE_UP = 6;
export const MUTE_BEFORE_TEXT = 6;
export const FIRST_HOLD_MS = 10_000;
export const LONGEST_HOLD_MS = 120_000;
/** A climb that lasts this long was right. */
export const LASTING_MS = 30_000;
/** After a step down, what the rung above has left in the line's buffers says nothing about this one. */
export const SETTLE_MS = 6_000;
/** After a step up the estimate needs time to find out that there is room. */
export const RAMP_MS = 8_000;
/** Words that wait this long in the line's buffers are late for any talk: better a few seconds of silence. */
export const DRAIN_QUEUE_MS = 2_500;
const DRAINED_QUEUE_MS = 600;
/** Longer than this no buffer takes: then it is not the voice that fills it. */
export const LONGEST_DRAIN_MS = 15_000;
/** A link gone for this long, and for this long. */
export const TEXT_AFTER_MS = 15_000;
export const QUESTION_AFTER_MS = 60_000;

/** Below this estimate the rung does not fit beside its voice. */
const NEEDED: Readonly<Record<Rung, number>> = {
  picture: 150_000,
  small_picture: 80_000,
  stills: 40_000,
  voice: 0,
  text: 0,
  question: 0,
};
const BAD_LOSS = 0.14;
const FAIR_LOSS = 0.08;
const BAD_QUEUE_MS = 700;
const FAIR_QUEUE_MS = 300;
const BAD_CONCEALED = 0.12;
const FAIR_CONCEALED = 0.05;
const MUTE_CONCEALED = 0.4;
const MUTE_QUEUE_MS = 8_000; // an answer that comes after this is no conversation
const LOSS_WEIGHT = 0.4;
const LATELY_MS = 15_000;
const LONGEST_BASE_MS = 1_000; // a longer way there and back than by satellite is a queue that has come to stay

export function startLadder(at: number, ceiling: Ceiling = { rung: "picture", firm: false }): Ladder {
  return {
    rung: ceiling.rung,
    bad: 0,
    good: 0,
    mute: 0,
    since: at,
    holdUntil: 0,
    hold: FIRST_HOLD_MS,
    climbed: false,
    loss: 0,
    base: null,
    lately: null,
    roundTrip: null,
    chosen: null,
    ceiling,
    drainedFrom: null,
    before: null,
  };
}

/** The ladder after one more look. */
export function climb(ladder: Ladder, sample: UplinkSample): Ladder {
  if (sample.gone > 0) {
    return lost(ladder, sample);
  }
  const measured = measure(ladder.before === null ? ladder : found(ladder, sample.at), sample);
  const lasted = measured.climbed && sample.at - measured.since >= LASTING_MS;
  const counted: Ladder = {
    ...measured,
    bad: isBad(measured, sample) ? measured.bad + 1 : 0,
    good: isGood(measured, sample) ? measured.good + 1 : 0,
    mute: isMute(measured, sample) ? measured.mute + 1 : 0,
    hold: lasted ? FIRST_HOLD_MS : measured.hold,
    climbed: measured.climbed && !lasted,
  };
  const next = below(counted, sample);
  if (next !== null) {
    return down(counted, next, sample.at);
  }
  if (counted.rung === "voice") {
    const drained = drain(counted, sample.at);
    if (drained.drainedFrom !== null || counted.drainedFrom !== null) {
      return drained;
    }
  }
  return counted.good >= GOOD_BEFORE_UP && sample.at >= counted.holdUntil ? up(counted, sample.at) : counted;
}

/** The person wants this rung, at once and no higher; null: whatever the link carries. */
export function choose(ladder: Ladder, chosen: Rung | null, at: number): Ladder {
  if (chosen === null) {
    return { ...ladder, chosen, rung: lower(ladder.rung, ladder.ceiling.rung) };
  }
  const rung = ladder.ceiling.firm ? lower(chosen, ladder.ceiling.rung) : chosen;
  const climbed = RUNGS.indexOf(rung) < RUNGS.indexOf(ladder.rung);
  const anew = { bad: 0, good: 0, mute: 0, since: at, holdUntil: at, hold: FIRST_HOLD_MS, climbed, drainedFrom: null };
  return { ...ladder, ...anew, chosen: rung, rung };
}

/** How far the ladder may be climbed has changed: the saver, or what is left of the month. */
export function setCeiling(ladder: Ladder, ceiling: Ceiling): Ladder {
  const moved = { ...ladder, ceiling };
  const chosen = ceiling.firm && ladder.chosen !== null ? lower(ladder.chosen, ceiling.rung) : ladder.chosen;
  return { ...moved, chosen, rung: lower(ladder.rung, top({ ...moved, chosen })) };
}

function lower(one: Rung, other: Rung): Rung {
  return RUNGS.indexOf(one) > RUNGS.indexOf(other) ? one : other;
}

function top(ladder: Ladder): Rung {
  return ladder.chosen ?? ladder.ceiling.rung;
}

function neighbour(rung: Rung, step: 1 | -1): Rung {
  return RUNGS[RUNGS.indexOf(rung) + step] ?? rung;
}

/** How long packets wait in the line's buffers. */
export function queue(ladder: Pick<Ladder, "roundTrip" | "base">): number {
  return ladder.roundTrip === null || ladder.base === null ? 0 : ladder.roundTrip - ladder.base;
}

function measure(ladder: Ladder, sample: UplinkSample): Ladder {
  const worst = Math.max(sample.loss, sample.heard?.loss ?? 0);
  const loss = ladder.loss + LOSS_WEIGHT * (worst - ladder.loss);
  return { ...ladder, loss, ...delays(ladder, sample) };
}

function delays({ base, lately }: Ladder, { at, roundTrip }: UplinkSample): Pick<Ladder, "base" | "lately" | "roundTrip"> {
  if (roundTrip === null) {
    return { base, lately, roundTrip };
  }
  const own = Math.min(roundTrip, LONGEST_BASE_MS);
  if (lately === null || base === null) {
    return { base: own, lately: { shortest: own, since: at }, roundTrip };
  }
  if (at - lately.since >= LATELY_MS) {
    return { base: Math.min(own, lately.shortest), lately: { shortest: own, since: at }, roundTrip };
  }
  const shortest = Math.min(own, lately.shortest);
  return { base: Math.min(base, shortest), lately: { ...lately, shortest }, roundTrip };
}

function isBad(ladder: Ladder, sample: UplinkSample): boolean {
  const { available, heard, at } = sample;
  const age = at - ladder.since;
  const squeezed = available !== null && available < NEEDED[ladder.rung] && !(ladder.climbed && age < RAMP_MS);
  const broken = queue(ladder) > BAD_QUEUE_MS || ladder.loss > BAD_LOSS || (heard?.concealed ?? 0) > BAD_CONCEALED;
  const hasJustFallen = !ladder.climbed && age < SETTLE_MS && ladder.holdUntil > 0;
  return squeezed || (broken && !hasJustFallen);
}

/** The estimate says little while hardly anything is sent, so climbing asks only whether what is sent gets through. */
function isGood(ladder: Ladder, { heard }: UplinkSample): boolean {
  return ladder.loss <= FAIR_LOSS && queue(ladder) <= FAIR_QUEUE_MS && (heard?.concealed ?? 0) <= FAIR_CONCEALED;
}

function isMute(ladder: Ladder, { heard }: UplinkSample): boolean {
  return (heard?.concealed ?? 0) > MUTE_CONCEALED || queue(ladder) > MUTE_QUEUE_MS;
}

/** The rung to go down to; null to stay. Pictures are given up as far as the estimate says, the voice last of all. */
function below(ladder: Ladder, { available, at }: UplinkSample): Rung | null {
  if (ladder.rung === "voice") {
    if (ladder.drainedFrom !== null) {
      return at - ladder.drainedFrom >= LONGEST_DRAIN_MS ? "text" : null;
    }
    return ladder.mute >= MUTE_BEFORE_TEXT && at - ladder.since >= SETTLE_MS ? "text" : null;
  }
  if (ladder.rung === "text" || ladder.rung === "question" || ladder.bad < BAD_BEFORE_DOWN) {
    return null;
  }
  let next = neighbour(ladder.rung, 1);
  while (available !== null && available < NEEDED[next]) {
    next = neighbour(next, 1);
  }
  return next;
}

function down(ladder: Ladder, rung: Rung, at: number): Ladder {
  const hold = ladder.climbed ? Math.min(ladder.hold * 2, LONGEST_HOLD_MS) : ladder.hold;
  const rest = { bad: 0, good: 0, mute: 0, since: at, hold, holdUntil: at + hold, climbed: false, drainedFrom: null };
  return { ...ladder, ...rest, rung };
}

/** The voice alone leaves a filled buffer so little room that it would stay filled for a minute: it waits instead. */
function drain(ladder: Ladder, at: number): Ladder {
  const { drainedFrom } = ladder;
  if (drainedFrom === null) {
    const isFull = queue(ladder) > DRAIN_QUEUE_MS && at - ladder.since >= SETTLE_MS / 2;
    return isFull ? { ...ladder, drainedFrom: at, good: 0, mute: 0 } : ladder;
  }
  const isEmpty = queue(ladder) <= DRAINED_QUEUE_MS;
  return isEmpty ? { ...ladder, drainedFrom: null, since: at, good: 0, mute: 0 } : ladder;
}

function up(ladder: Ladder, at: number): Ladder {
  const wanted = ladder.rung === "question" ? "voice" : neighbour(ladder.rung, -1);
  const rung = lower(wanted, top(ladder));
  if (RUNGS.indexOf(rung) >= RUNGS.indexOf(ladder.rung)) {
    return ladder;
  }
  return { ...ladder, rung, bad: 0, good: 0, mute: 0, since: at, holdUntil: at + ladder.hold, climbed: true };
}

/** Nothing comes any more: there is no voice to protect, only a person to tell what still works. */
function lost(ladder: Ladder, { gone, at }: UplinkSample): Ladder {
  const before = ladder.before ?? ladder.rung;
  const wanted = gone >= QUESTION_AFTER_MS ? "question" : gone >= TEXT_AFTER_MS ? "text" : before;
  const rung = lower(wanted, before);
  return { ...ladder, before, rung, since: rung === ladder.rung ? ladder.since : at, bad: 0, good: 0, mute: 0 };
}

/** The link is back: with what it carried before, at once; its new path may be another one. */
function found(ladder: Ladder, at: number): Ladder {
  const rung = lower(ladder.before ?? ladder.rung, top(ladder));
  return { ...ladder, rung, before: null, since: at, loss: 0, base: null, lately: null, roundTrip: null, drainedFrom: null };
}

/** How the own picture is sent on a rung. */
export interface PictureOnRung {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly frameRate: number;
  /** By how much width and height are divided. */
  readonly scaleDownBy: number;
}

export function pictureOn(rung: Rung): PictureOnRung {
  if (rung === "picture") {
    return { active: true, maxBitrate: 600_000, frameRate: 24, scaleDownBy: 1 };
  }
  return { active: rung === "small_picture", maxBitrate: 80_000, frameRate: 10, scaleDownBy: 2 };
}
