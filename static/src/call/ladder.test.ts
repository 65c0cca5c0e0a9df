import { describe, expect, test } from "vitest";
import {
  BAD_BEFORE_DOWN,
  choose,
  climb,
  FIRST_HOLD_MS,
  GOOD_BEFORE_UP,
  LASTING_MS,
  LONGEST_DRAIN_MS,
  LONGEST_HOLD_MS,
  LOOK_MS,
  pictureOn,
  QUESTION_AFTER_MS,
  setCeiling,
  SETTLE_MS,
  startLadder,
  TEXT_AFTER_MS,
  type Ladder,
  type Rung,
  type UplinkSample,
} from "./ladder";
import { voiceOn } from "./voice";

type Link = Omit<UplinkSample, "at">;
const GOOD: Link = { loss: 0.01, roundTrip: 300, available: 800_000, heard: { loss: 0, concealed: 0 }, gone: 0 };
const UNKNOWN: Link = { loss: 0, roundTrip: null, available: null, heard: null, gone: 0 };
const LOSSY: Link = { ...GOOD, loss: 0.3 };
const QUEUED: Link = { ...GOOD, roundTrip: 2000 };
const BROKEN: Link = { ...GOOD, heard: { loss: 0.05, concealed: 0.3 } };
const THEY_LOSE: Link = { ...GOOD, heard: { loss: 0.3, concealed: 0 } };
const MUTE: Link = { ...GOOD, heard: { loss: 0.6, concealed: 0.7 } };

function fit(available: number): Link {
  return { ...GOOD, available };
}

/** A ladder and its time, a look a second. */
class Climber {
  ladder: Ladder = startLadder(0);
  at = 0;

  look(link: Link, looks = 1): this {
    for (let look = 0; look < looks; look += 1) {
      this.at += LOOK_MS;
      this.ladder = climb(this.ladder, { ...link, at: this.at });
    }
    return this;
  }

  /** Until the rung is another one; how long that took. */
  until(link: Link, rung: Rung, most = 300): number {
    const before = this.at;
    while (this.ladder.rung !== rung && (this.at - before) / LOOK_MS < most) {
      this.look(link);
    }
    expect(this.ladder.rung).toBe(rung);
    return this.at - before;
  }

  gone(milliseconds: number): this {
    const began = this.at;
    while (this.at - began < milliseconds) {
      this.at += LOOK_MS;
      this.ladder = climb(this.ladder, { ...UNKNOWN, at: this.at, gone: this.at - began });
    }
    return this;
  }

  get rung(): Rung {
    return this.ladder.rung;
  }
}

function onGood(): Climber {
  return new Climber().look(GOOD, 10);
}

describe("going down", () => {
  test("a good link keeps the whole picture, and so does one that says little", () => {
    expect(onGood().look(GOOD, 200).rung).toBe("picture");
    expect(new Climber().look(UNKNOWN, 200).rung).toBe("picture");
  });

  test.each([
    ["our loss", LOSSY],
    ["a queue that fills", QUEUED],
    ["words made up at the other side", BROKEN],
    ["loss that only the other side sees", THEY_LOSE],
    ["an estimate too small for it", fit(100_000)],
  ])("%s takes it down within five seconds", (_name, link) => {
    expect(onGood().until(link, "small_picture")).toBeLessThanOrEqual(5_000);
  });

  test("a bad look or two are no reason", () => {
    const climber = onGood();
    for (let round = 0; round < 20; round += 1) {
      climber.look(QUEUED, BAD_BEFORE_DOWN - 1).look(GOOD, 2);
    }
    expect(climber.rung).toBe("picture");
  });

  test.each<[number, Rung]>([
    [160_000, "picture"],
    [100_000, "small_picture"],
    [60_000, "stills"],
    [20_000, "voice"],
    [0, "voice"],
  ])("with an estimate of %i it goes straight to %s, and stays there", (available, rung) => {
    const climber = onGood();
    expect(climber.until(fit(available), rung)).toBeLessThanOrEqual(5_000);
    expect(climber.look(fit(available), 8).rung).toBe(rung);
  });

  test("a queue that drains after the step down is not held against the new rung", () => {
    const climber = onGood();
    climber.until(QUEUED, "small_picture");
    climber.look(QUEUED, SETTLE_MS / LOOK_MS - 1).look(GOOD, 3);
    expect(climber.rung).toBe("small_picture");
  });

  test("a queue that does not drain goes on down, to the voice and no further", () => {
    expect(onGood().look(QUEUED, 60).rung).toBe("voice");
  });

  test("the link's own delay is no queue, however long it is", () => {
    expect(new Climber().look({ ...GOOD, roundTrip: 1_000 }, 100).rung).toBe("picture");
  });

  test("a path that became longer in mid-call is climbed again all the same", () => {
    const climber = new Climber().look({ ...GOOD, roundTrip: 5 }, 60);
    climber.until({ ...GOOD, roundTrip: 900 }, "small_picture");
    climber.until({ ...GOOD, roundTrip: 900 }, "picture", 60);
    expect(climber.look({ ...GOOD, roundTrip: 900 }, 60).rung).toBe("picture");
  });

  test("a queue of seconds is never taken for the path's own delay", () => {
    expect(onGood().look({ ...GOOD, roundTrip: 4_000 }, 200).rung).not.toMatch(/picture|stills/);
  });

  test("a full buffer is let run empty without a word, and then they talk on", () => {
    const full = (queue: number): Link => ({ ...GOOD, available: 20_000, roundTrip: 300 + queue });
    const climber = onGood();
    climber.until(full(9_000), "voice");
    climber.look(full(9_000), 4);
    expect(climber.ladder.drainedFrom).not.toBeNull();
    for (let queue = 8_000; queue >= 0; queue -= 1_000) {
      climber.look(full(queue));
    }
    expect(climber.ladder).toMatchObject({ rung: "voice", drainedFrom: null });
  });

  test("a buffer that does not run empty ends in writing", () => {
    const climber = onGood();
    climber.until({ ...QUEUED, available: 0, roundTrip: 6_000 }, "voice");
    climber.until({ ...QUEUED, available: 0, roundTrip: 6_000 }, "text", LONGEST_DRAIN_MS / LOOK_MS + 6);
  });

  test("words that do not get through at all end in writing", () => {
    const climber = onGood();
    climber.until(MUTE, "voice");
    climber.until(MUTE, "text", 20);
  });
});

describe("coming back", () => {
  test("waits for the hold and for several good looks, one rung at a time", () => {
    const climber = onGood();
    climber.until(fit(0), "voice");
    const times = (["stills", "small_picture", "picture"] as const).map((rung) => climber.until(GOOD, rung));
    expect(times.every((time) => time >= GOOD_BEFORE_UP * LOOK_MS && time <= FIRST_HOLD_MS + 1_000)).toBe(true);
  });

  test("an estimate held low because little is sent does not keep the picture away", () => {
    const climber = onGood();
    climber.until(fit(0), "voice");
    expect(climber.look(fit(30_000), 11).rung).toBe("stills");
  });

  test("a link that is fine and bad in turn is climbed less and less often", () => {
    const climber = onGood();
    const climbs: number[] = [];
    climber.until(QUEUED, "small_picture");
    climber.look(GOOD, 3);
    for (let round = 0; round < 7; round += 1) {
      climbs.push(climber.until(GOOD, "picture"));
      climber.until(QUEUED, "small_picture");
      climber.look(GOOD, 3);
    }
    expect(climber.ladder.hold).toBe(LONGEST_HOLD_MS);
    expect(climbs.at(-1)).toBeGreaterThanOrEqual(LONGEST_HOLD_MS - 4_000);
    expect(climbs).toEqual([...climbs].sort((one, other) => one - other));
  });

  test("a climb that lasted forgives", () => {
    const climber = onGood();
    climber.until(QUEUED, "small_picture");
    climber.until(GOOD, "picture");
    climber.until(QUEUED, "small_picture");
    expect(climber.ladder.hold).toBe(2 * FIRST_HOLD_MS);
    climber.until(GOOD, "picture");
    expect(climber.look(GOOD, LASTING_MS / LOOK_MS).ladder.hold).toBe(FIRST_HOLD_MS);
  });

  test("from writing the voice is tried again", () => {
    const climber = onGood();
    climber.until(MUTE, "text", 40);
    expect(climber.until(GOOD, "voice")).toBeLessThanOrEqual(FIRST_HOLD_MS + 1_000);
  });
});

describe("a link that is gone", () => {
  test("leads to writing and then to a question, and comes back to where it was at once", () => {
    const climber = onGood();
    expect(climber.gone(TEXT_AFTER_MS - LOOK_MS).rung).toBe("picture");
    expect(climber.gone(TEXT_AFTER_MS).rung).toBe("text");
    expect(climber.look(GOOD).rung).toBe("picture");
    expect(climber.gone(QUESTION_AFTER_MS).rung).toBe("question");
    expect(climber.look(GOOD).rung).toBe("picture");
  });

  test("forgets the old path's delay: the new one may be longer", () => {
    const climber = onGood().gone(20_000);
    expect(climber.look({ ...GOOD, roundTrip: 1500 }, 20).rung).toBe("picture");
  });
});

describe("by hand", () => {
  test("down, and it stays down on the best of links", () => {
    const climber = onGood();
    climber.ladder = choose(climber.ladder, "voice", climber.at);
    expect(climber.rung).toBe("voice");
    expect(climber.look(GOOD, 200).rung).toBe("voice");
    climber.ladder = choose(climber.ladder, null, climber.at);
    climber.until(GOOD, "picture");
  });

  test("up, at once and in the middle of a hold; the voice still comes first", () => {
    const climber = onGood();
    climber.until(fit(0), "voice");
    climber.ladder = choose(climber.ladder, "picture", climber.at);
    expect(climber.look(GOOD, 5).rung).toBe("picture");
    expect(climber.until(QUEUED, "small_picture")).toBeLessThanOrEqual(5_000);
  });

  test("a data saver begins low, and the person may still ask for more", () => {
    const climber = new Climber();
    climber.ladder = startLadder(0, { rung: "stills", firm: false });
    expect(climber.look(GOOD, 100).rung).toBe("stills");
    climber.ladder = choose(climber.ladder, "picture", climber.at);
    expect(climber.look(GOOD, 20).rung).toBe("picture");
    climber.ladder = choose(climber.ladder, null, climber.at);
    expect(climber.rung).toBe("stills");
  });

  test("a month that is used up is firm, and never takes the voice", () => {
    const climber = onGood();
    climber.ladder = choose(climber.ladder, "picture", climber.at);
    climber.ladder = setCeiling(climber.ladder, { rung: "voice", firm: true });
    expect(climber.rung).toBe("voice");
    climber.ladder = choose(climber.ladder, "picture", climber.at);
    expect(climber.look(GOOD, 100).rung).toBe("voice");
  });
});

test("each rung down costs less, and only two carry a moving picture", () => {
  expect(pictureOn("small_picture").maxBitrate).toBeLessThan(pictureOn("picture").maxBitrate);
  expect((["stills", "voice", "text", "question"] as const).map((rung) => pictureOn(rung).active)).not.toContain(true);
});

test("the voice is carried twice where packets are lost and there is room, and always on a thin link", () => {
  expect(voiceOn("picture", 0, 800_000)).toEqual({ bitrate: 24_000, packet: 20, twice: false });
  expect(voiceOn("picture", 0.05, 800_000).twice).toBe(true);
  expect(voiceOn("picture", 0.05, 200_000).twice).toBe(false);
  expect(voiceOn("voice", 0, null)).toEqual({ bitrate: 12_000, packet: 60, twice: true });
});
