import type { LinkState } from "../realtime/connection";
import { t } from "../ui/text";
import { duration } from "../ui/when";

/** What the link to the server means for the person, or "" while it is well. */
export function linkWords(state: LinkState, now: number): string {
  if (state.status === "up") {
    return "";
  }
  const seconds = Math.round((now - state.since) / 1000);
  if (state.status === "connecting") {
    return seconds < 2 ? "" : t("Connecting to the consult…");
  }
  return t("Gone for %(time)s: what you draw is kept", { time: duration(Math.max(1, seconds)) });
}
