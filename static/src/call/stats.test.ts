import { describe, expect, test } from "vitest";
import { linkSentence } from "./link_words";
import { isWeak, readStats } from "./stats";

function report(seconds: number, changes: Record<string, object> = {}): Record<string, unknown>[] {
  const entries: Record<string, Record<string, unknown>> = {
    transport: { type: "transport", id: "T", selectedCandidatePairId: "P2" },
    old: { type: "candidate-pair", id: "P1", nominated: true, state: "succeeded", currentRoundTripTime: 9 },
    pair: {
      type: "candidate-pair",
      id: "P2",
      localCandidateId: "L",
      currentRoundTripTime: 0.31,
      availableOutgoingBitrate: 250_000,
      bytesSent: 1000 * seconds,
      bytesReceived: 500 * seconds,
    },
    local: { type: "local-candidate", id: "L", candidateType: "relay" },
    voice: {
      type: "inbound-rtp",
      kind: "audio",
      id: "IA",
      bytesReceived: 3000 * seconds,
      packetsReceived: 45 * seconds,
      packetsLost: 5 * seconds,
      jitter: 0.012,
      audioLevel: 0.25,
      totalSamplesReceived: 48_000 * seconds,
      concealedSamples: 5000 * seconds,
      silentConcealedSamples: 200 * seconds,
    },
    picture: {
      type: "inbound-rtp",
      kind: "video",
      id: "IV",
      bytesReceived: 25_000 * seconds,
      framesDecoded: 20 * seconds,
      frameWidth: 640,
      frameHeight: 480,
    },
    ownVoice: { type: "outbound-rtp", kind: "audio", id: "OA", bytesSent: 2000 * seconds },
    ownPicture: { type: "outbound-rtp", kind: "video", id: "OV", bytesSent: 10_000 * seconds },
    heardThere: { type: "remote-inbound-rtp", kind: "audio", id: "RA", fractionLost: 0.04 },
    microphone: { type: "media-source", kind: "audio", id: "S", audioLevel: 0.5 },
  };
  return Object.entries(entries).map(([name, entry]) => ({ ...entry, ...changes[name] }));
}

describe("a sample", () => {
  const first = readStats(report(10), 10_000, null);
  const { sample } = readStats(report(12), 12_000, first.totals);

  test("has rates from the difference of two looks", () => {
    expect(sample).toMatchObject({ voiceIn: 24_000, voiceOut: 16_000, pictureIn: 200_000, pictureOut: 80_000 });
    expect(sample).toMatchObject({ framesNew: 40, frames: 240, width: 640, height: 480 });
  });

  test("has the losses of the time since the last look", () => {
    expect(sample.lossIn).toBeCloseTo(0.1);
    expect(sample.lossOut).toBe(0.04);
    expect(sample.concealed).toBeCloseTo(0.1);
  });

  test("tells of the pair of addresses in use", () => {
    expect(sample).toMatchObject({ roundTrip: 310, available: 250_000, relayed: true, bytes: 18_000, jitter: 12 });
  });

  test("has both levels", () => {
    expect(sample).toMatchObject({ level: 0.25, ownLevel: 0.5 });
  });

  test("of the first look has no rates", () => {
    expect(first.sample).toMatchObject({ voiceIn: 0, pictureOut: 0, roundTrip: 310 });
  });

  test("of a new connection, whose counters begin again, has no negative rates", () => {
    const again = readStats(report(1), 14_000, readStats(report(12), 12_000, null).totals).sample;
    expect(again.voiceIn).toBe(0);
    expect(again.framesNew).toBe(0);
  });

  test("of a browser that says next to nothing is all zero, not a fault", () => {
    const bare = readStats([], 2000, readStats([], 0, null).totals).sample;
    expect(bare).toMatchObject({ voiceIn: 0, lossIn: 0, concealed: 0, roundTrip: null, available: null, relayed: false });
  });

  test("finds the pair in use where no transport is told", () => {
    const plain = report(1).filter((entry) => entry.type !== "transport");
    expect(readStats(plain, 0, null).sample.roundTrip).toBe(9000);
  });
});

test("a link is weak when words are lost or answers come late", () => {
  const { sample } = readStats([], 0, null);
  expect(isWeak(sample)).toBe(false);
  for (const worse of [{ lossIn: 0.2 }, { lossOut: 0.2 }, { concealed: 0.2 }, { roundTrip: 1500 }]) {
    expect(isWeak({ ...sample, ...worse })).toBe(true);
  }
});

test.each([
  [{}, "Good"],
  [{ status: "connecting" as const }, "Connecting"],
  [{ weak: true }, "Weak: words may be lost"],
  [{ rung: "small_picture" as const }, "Weak: voice first, smaller video"],
  [{ rung: "stills" as const, paused: true }, "Weak: voice first, a picture every few seconds"],
  [{ rung: "voice" as const, weak: true, paused: true }, "Weak: voice first, video paused"],
  [{ rung: "text" as const }, "Too weak for voice: write to each other"],
  [{ rung: "question" as const }, "No call now: leave it as a question"],
  [{ rung: "voice" as const, isChosen: true }, "Voice only, as you chose"],
  [{ status: "reconnecting" as const, goneSince: 1000 }, "Gone for 12 s: what you draw is kept"],
])("%o is said as %s", (link, words) => {
  const good = { status: "connected" as const, weak: false, paused: false, rung: "picture" as const, isChosen: false, goneSince: null };
  expect(linkSentence({ ...good, ...link }, 13_000)).toBe(words);
});
