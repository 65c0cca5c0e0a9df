import { t } from "../ui/text";

export type Verdict = "picture" | "stills" | "voice" | "text";
export type Path = "direct" | "relayed" | "blocked" | "unknown";

/** What was measured. Rates in bits per second, the round trip in milliseconds, loss as a share of 1; null: unknown. */
export interface Link {
  readonly path: Path;
  readonly round_trip: number | null;
  readonly loss: number | null;
  readonly down_bps: number | null;
  readonly up_bps: number | null;
}

export interface Findings extends Link {
  readonly microphone: "good" | "silent" | "refused" | "missing" | "skipped";
  readonly camera: "good" | "refused" | "missing" | "skipped";
  readonly verdict: Verdict;
}

/** The least that each thing wants, both ways: a picture beside the voice, a still now and then, the voice alone. */
const LEAST_BPS = { picture: 250_000, stills: 80_000, voice: 24_000 } as const;
const MOST_TRIP_MS = { picture: 1000, stills: 2000, voice: 2000 } as const;
const MOST_LOSS = { picture: 0.08, stills: 0.15, voice: 0.2 } as const;

/** The most that will work over this link. What could not be measured is not held against it; no link at all is. */
export function verdictOf(link: Link): Verdict {
  const rates = [link.down_bps, link.up_bps].filter((rate) => rate !== null);
  if (rates.length === 0) {
    return "text";
  }
  const slowest = Math.min(...rates);
  const fits = (["picture", "stills", "voice"] as const).find(
    (what) =>
      slowest >= LEAST_BPS[what] && (link.round_trip ?? 0) <= MOST_TRIP_MS[what] && (link.loss ?? 0) <= MOST_LOSS[what],
  );
  return fits ?? "text";
}

export function verdictWords(verdict: Verdict): string {
  switch (verdict) {
    case "picture":
      return t("Voice and video will work.");
    case "stills":
      return t("Voice and stills will work; video will pause.");
    case "voice":
      return t("Voice alone will work. Pictures arrive slowly.");
    case "text":
      return t("The link is too weak to talk. Write in the chat, or leave it as a question.");
  }
}

export function pathWords(path: Path): string {
  switch (path) {
    case "direct":
      return t("Direct: browsers can reach each other.");
    case "relayed":
      return t("Relayed only: the network lets calls through by way of the relay.");
    case "blocked":
      return t("UDP is blocked here, and no relay answers. Try another network if the call does not connect.");
    case "unknown":
      return t("Not known: no server to find a path with is set up. Calls within one network work.");
  }
}

/** A rate as people read it. */
export function rateWords(bps: number): string {
  return bps >= 1_000_000
    ? t("%(rate)s Mbit/s", { rate: (bps / 1_000_000).toFixed(1) })
    : t("%(rate)s kbit/s", { rate: Math.round(bps / 1000) });
}

/** Trip, loss and rates in one sentence; what is not known is left out. */
export function linkWords(link: Link): string {
  const pieces = [
    link.round_trip === null ? "" : t("Round trip %(ms)s ms", { ms: link.round_trip }),
    link.loss === null ? t("loss not measured") : t("loss %(percent)s %%", { percent: Math.round(link.loss * 100) }),
    link.down_bps === null ? t("down: nothing came") : t("down %(rate)s", { rate: rateWords(link.down_bps) }),
    link.up_bps === null ? t("up: nothing went") : t("up %(rate)s", { rate: rateWords(link.up_bps) }),
  ];
  return pieces.filter((piece) => piece !== "").join(" · ");
}

/** Which way calls find, by the kinds of candidates that were found (RFC 8445, 5.1.1). */
export function pathOf(kinds: ReadonlySet<string>, hasServers: boolean): Path {
  if (kinds.has("srflx")) {
    return "direct";
  }
  if (kinds.has("relay")) {
    return "relayed";
  }
  return hasServers ? "blocked" : "unknown";
}
