import { RUNGS, type Rung } from "./ladder";
import type { MemberView } from "./member";
import type { LinkSummary } from "./link_words";

export type LinkState = "none" | "good" | "weak" | "gone";

/** The worst link of a call: what one sentence about "the link" has to tell. Null while nobody else is there. */
export function linkSummary(members: readonly MemberView[], isChosen = false): (LinkSummary & { readonly state: LinkState }) | null {
  const [first] = members;
  if (!first) {
    return null;
  }
  const gone = members.flatMap((member) => (member.goneSince === null ? [] : [member.goneSince]));
  const isWeak = members.some((member) => member.connection === "weak");
  const isConnecting = members.some((member) => member.connection === "connecting");
  return {
    status: isConnecting ? "connecting" : "connected",
    weak: isWeak,
    paused: members.some((member) => member.paused),
    rung: worstRung(members),
    isChosen,
    goneSince: gone.length > 0 ? Math.min(...gone) : null,
    state: gone.length > 0 ? "gone" : isWeak ? "weak" : "good",
  };
}

function worstRung(members: readonly MemberView[]): Rung {
  return RUNGS[Math.max(...members.map(({ rung }) => RUNGS.indexOf(rung)))] ?? "picture";
}
