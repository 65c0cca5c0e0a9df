import { t } from "../ui/text";
import type { Rung } from "./ladder";
import type { LinkStatus } from "./recovery";

export interface LinkSummary {
  readonly status: LinkStatus;
  readonly weak: boolean;
  /** The own picture is held back so that the voice gets through. */
  readonly paused: boolean;
  /** What we send on; the lowest where there are several links. */
  readonly rung: Rung;
  /** The person chose it. */
  readonly isChosen: boolean;
  /** When the link was lost; null while it is there. */
  readonly goneSince: number | null;
}

/** The link in words, for the one place that says it. */
export function linkSentence(link: LinkSummary, now: number): string {
  if (link.goneSince !== null) {
    const seconds = Math.max(0, Math.round((now - link.goneSince) / 1000));
    return t("Gone for %(seconds)s s: what you draw is kept", { seconds });
  }
  if (link.status === "connecting") {
    return t("Connecting");
  }
  if (link.isChosen) {
    return t("%(rung)s, as you chose", { rung: rungWords(link.rung) });
  }
  return rungSentence(link.rung) ?? (link.weak ? t("Weak: words may be lost") : t("Good"));
}

function rungSentence(rung: Rung): string | null {
  switch (rung) {
    case "picture":
      return null;
    case "small_picture":
      return t("Weak: voice first, smaller video");
    case "stills":
      return t("Weak: voice first, a picture every few seconds");
    case "voice":
      return t("Weak: voice first, video paused");
    case "text":
      return t("Too weak for voice: write to each other");
    case "question":
      return t("No call now: leave it as a question");
  }
}

/** A rung as one chooses it. */
export function rungWords(rung: Rung): string {
  switch (rung) {
    case "picture":
      return t("Video");
    case "small_picture":
      return t("Small video");
    case "stills":
      return t("A picture every few seconds");
    case "voice":
      return t("Voice only");
    case "text":
      return t("Written messages");
    case "question":
      return t("Left as a question");
  }
}
