import type { Prepared } from "./hooks";
import type { KeptRecord } from "./transfer";

/** A file that is on its way, as the tab that sends it holds it. */
export interface Entry {
  readonly record: KeptRecord;
  /** Null until it is opened from the shelf. */
  file: File | null;
  kept: boolean;
  sent: number;
  /** This device can no longer read it. */
  missing: boolean;
  /** What was made of it ahead of its bytes; undefined until then. Kept, for a link that fails is tried again. */
  small: Prepared | null | undefined;
  more: Prepared["more"];
  stop: AbortController | null;
}

/** Whether nothing is left to do for a file on this device but to hear of its fate. */
export function isEnded(entry: Entry): boolean {
  return entry.record.whole || entry.record.refusal !== null;
}

/** What is to be done next: previews of all, then their small clips, then what was asked for first, then the smallest. */
export function choose(entries: Iterable<Entry>, previews: boolean): Entry | undefined {
  const ready = [...entries].filter((entry) => !isEnded(entry) && !entry.missing && !entry.record.held);
  const byOrder = (a: Entry, b: Entry): number => a.record.order - b.record.order || a.record.addedAt - b.record.addedAt;
  const bySize = (a: Entry, b: Entry): number =>
    a.record.order - b.record.order || a.record.size - a.record.received - (b.record.size - b.record.received);
  const first = (some: Entry[], order: (a: Entry, b: Entry) => number): Entry | undefined => some.sort(order)[0];
  return (
    (previews ? first(ready.filter((entry) => !entry.record.ahead), byOrder) : undefined) ??
    first(ready.filter((entry) => entry.more !== null), byOrder) ??
    first(ready, bySize)
  );
}
