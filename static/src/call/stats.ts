/** One look at a link, from the difference of two reports. Rates in bits per second, times in milliseconds. */
export interface LinkSample {
  readonly at: number;
  readonly voiceIn: number;
  readonly voiceOut: number;
  readonly pictureIn: number;
  readonly pictureOut: number;
  /** Share of packets lost since the last look, 0 to 1: theirs to us, ours to them. */
  readonly lossIn: number;
  readonly lossOut: number;
  /** Share of voice samples that had to be made up, 0 to 1. */
  readonly concealed: number;
  readonly roundTrip: number | null;
  readonly jitter: number | null;
  /** What the browser thinks the uplink carries; null where it does not say. */
  readonly available: number | null;
  /** Pictures decoded since the last look, and in all. */
  readonly framesNew: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  /** 0 to 1, of the last moment. */
  readonly level: number;
  readonly ownLevel: number;
  /** Whether a relay (TURN) carries the media. */
  readonly relayed: boolean;
  /** Bytes in and out since the connection was made. */
  readonly bytes: number;
}

type Entry = Readonly<Record<string, unknown>>;

/** The running totals that the next look is compared with. */
export interface Totals {
  readonly at: number;
  readonly values: ReadonlyMap<string, number>;
}

const NO_TOTALS: Totals = { at: 0, values: new Map() };

function number(entry: Entry | undefined, name: string): number {
  const value = entry?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function optional(entry: Entry | undefined, name: string): number | null {
  const value = entry?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Differences since the last look; a counter that went back belongs to a new connection and counts from nothing. */
class Differences {
  readonly values = new Map<string, number>();

  constructor(private readonly before: Totals) {}

  of(entry: Entry | undefined, name: string): number {
    const total = number(entry, name);
    const key = `${String(entry?.id)} ${name}`;
    this.values.set(key, total);
    return Math.max(0, total - (this.before.values.get(key) ?? 0));
  }
}

function find(entries: readonly Entry[], type: string, kind?: string): Entry | undefined {
  return entries.find((entry) => entry.type === type && (kind === undefined || entry.kind === kind));
}

function chosenPair(entries: readonly Entry[]): Entry | undefined {
  const id = find(entries, "transport")?.selectedCandidatePairId;
  return (
    entries.find((entry) => entry.type === "candidate-pair" && entry.id === id) ??
    entries.find((entry) => entry.type === "candidate-pair" && entry.nominated === true && entry.state === "succeeded")
  );
}

function share(part: number, rest: number): number {
  return part + rest > 0 ? Math.min(1, part / (part + rest)) : 0;
}

/**
 * The sample that a report makes, and the totals for the next (names of "Identifiers for WebRTC's Statistics API").
 * The first look after a connection has no rates.
 */
export function readStats(
  report: Iterable<Entry>,
  at: number,
  before: Totals | null,
): { sample: LinkSample; totals: Totals } {
  const entries = [...report];
  const since = new Differences(before ?? NO_TOTALS);
  const seconds = before === null ? 0 : (at - before.at) / 1000;
  const rate = (bytes: number): number => (seconds > 0 ? Math.round((bytes * 8) / seconds) : 0);
  const voice = find(entries, "inbound-rtp", "audio");
  const picture = find(entries, "inbound-rtp", "video");
  const pair = chosenPair(entries);
  const local = entries.find((entry) => entry.type === "local-candidate" && entry.id === pair?.localCandidateId);
  const tripSeconds = optional(pair, "currentRoundTripTime");
  const jitter = optional(voice, "jitter");
  const sample: LinkSample = {
    at,
    voiceIn: rate(since.of(voice, "bytesReceived")),
    voiceOut: rate(since.of(find(entries, "outbound-rtp", "audio"), "bytesSent")),
    pictureIn: rate(since.of(picture, "bytesReceived")),
    pictureOut: rate(since.of(find(entries, "outbound-rtp", "video"), "bytesSent")),
    lossIn: share(since.of(voice, "packetsLost"), since.of(voice, "packetsReceived")),
    lossOut: number(find(entries, "remote-inbound-rtp", "audio"), "fractionLost"),
    concealed: concealed(since, voice),
    roundTrip: tripSeconds === null ? null : Math.round(tripSeconds * 1000),
    jitter: jitter === null ? null : Math.round(jitter * 1000),
    available: optional(pair, "availableOutgoingBitrate"),
    framesNew: since.of(picture, "framesDecoded"),
    frames: number(picture, "framesDecoded"),
    width: number(picture, "frameWidth"),
    height: number(picture, "frameHeight"),
    level: number(voice, "audioLevel"),
    ownLevel: number(find(entries, "media-source", "audio"), "audioLevel"),
    relayed: local?.candidateType === "relay",
    bytes: number(pair, "bytesSent") + number(pair, "bytesReceived"),
  };
  return { sample, totals: { at, values: since.values } };
}

/** Made-up samples, without those of silence, in which nothing was lost (DTX). */
function concealed(since: Differences, voice: Entry | undefined): number {
  const made = since.of(voice, "concealedSamples") - since.of(voice, "silentConcealedSamples");
  const all = since.of(voice, "totalSamplesReceived");
  return all > 0 ? Math.min(1, Math.max(0, made) / all) : 0;
}

/** Whether talking over this link is laborious: words are lost, or answers come late. */
export function isWeak(sample: LinkSample): boolean {
  return sample.lossIn > 0.08 || sample.lossOut > 0.1 || sample.concealed > 0.05 || (sample.roundTrip ?? 0) > 1000;
}
