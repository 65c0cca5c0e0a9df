import type { MemberView } from "./member";
import type { LinkSummary } from "./stats";

export type LinkState = "none" | "good" | "weak" | "gone";

/** The worst link of a call: what one sentence about "the link" has to tell. Null while nobody else is there. */
export function linkSummary(members: readonly MemberView[]): (LinkSummary & { readonly state: LinkState }) | null {
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
    goneSince: gone.length > 0 ? Math.min(...gone) : null,
    state: gone.length > 0 ? "gone" : isWeak ? "weak" : "good",
  };
}
