import type { Door, Opened } from "./door";
import type { Hooks, Prepared } from "./hooks";
import type { Entry } from "./order";
import type { Pacer } from "./pacer";
import type { Shelf } from "./shelf";
import { SendingProblem } from "./transfer";

/** What a step is done with, and whom it tells. */
export interface StepTools {
  readonly shelf: Shelf;
  readonly door: Door;
  readonly hooks: Hooks;
  readonly pacer: Pacer;
  /** SHA-256 in hexadecimal, or null; rejects with SendingProblem("unreadable"). */
  readonly hash: (file: File, signal: AbortSignal) => Promise<string | null>;
  progress(entry: Entry, sent: number): void;
  accepted(entry: Entry, received: number): void;
  /** Every byte is at the server. */
  arrived(entry: Entry): void;
  save(entry: Entry): void;
  changed(): void;
}

// A larger file's checksum is counted once its preview is gone: nobody should wait for it with an empty stage.
const COUNTED_FIRST_BYTES = 32 * 1024 * 1024;
// The way of a preview through the server to the other stage: its original's bytes begin after that.
const SHOWING_MS = 1000;

/**
 * One thing that one file needs next, so that the next choice is free again after it: its upload is opened and its
 * preview sent, or its small clip, or its bytes. Rejects with what went wrong, or when `signal` stops it.
 */
export async function takeStep(entry: Entry, signal: AbortSignal, tools: StepTools): Promise<void> {
  const { record } = entry;
  const file = (entry.file ??= await tools.shelf.open(record));
  signal.throwIfAborted();
  if (!file) {
    throw new SendingProblem({ kind: "unreadable" });
  }
  if (record.uploadId === null || !record.ahead) {
    await goAhead(entry, file, signal, tools);
  } else if (entry.more) {
    await entry.more(record.uploadId, signal);
    entry.more = null;
  } else {
    await count(entry, file, signal, tools);
    await sendBytes(entry, file, signal, tools);
  }
}

/** Opens the upload; the preview goes in the same request. Checksum and preview are made at the same time. */
async function goAhead(entry: Entry, file: File, signal: AbortSignal, tools: StepTools): Promise<void> {
  const { record } = entry;
  const counted = file.size <= COUNTED_FIRST_BYTES ? count(entry, file, signal, tools) : undefined;
  const wanted = !record.ahead && record.uploadId === null && entry.small === undefined;
  const made = wanted ? prepared(entry, file, signal, tools) : entry.small;
  const [small = null] = await Promise.all([made, counted]);
  entry.small = small;
  record.face = small?.face ?? record.face;
  tools.changed();
  if (record.uploadId === null) {
    const opened = await tools.door.open(record, signal, small?.along ?? null);
    entry.small = undefined;
    record.uploadId = opened.uploadId;
    record.received = entry.sent = opened.received;
    if (opened.whole) {
      record.ahead = true;
      tools.arrived(entry);
      return;
    }
    noteAhead(entry, small, opened, tools);
  }
  record.ahead = true;
}

function noteAhead(entry: Entry, small: Prepared | null, { ahead }: Opened, tools: StepTools): void {
  small?.settled(ahead ?? "refused");
  entry.more = small?.more ?? null;
  if (small && ahead === "refused") {
    entry.record.noPreview = "refused";
  }
  if (ahead === "shown") {
    tools.pacer.rest(SHOWING_MS);
  }
}

async function count({ record }: Entry, file: File, signal: AbortSignal, tools: StepTools): Promise<void> {
  record.sha256 ??= await tools.hash(file, signal);
}

async function prepared({ record }: Entry, file: File, signal: AbortSignal, tools: StepTools): Promise<Prepared | null> {
  try {
    const made = (await tools.hooks.prepare?.(file, signal)) ?? null;
    if (typeof made !== "string") {
      return made;
    }
    record.noPreview = made;
  } catch {
    signal.throwIfAborted();
    record.noPreview = "unreadable"; // the original decides what the file is
  }
  return null;
}

function sendBytes(entry: Entry, file: File, signal: AbortSignal, tools: StepTools): Promise<void> {
  const { record } = entry;
  return new Promise((resolve, reject) => {
    const journey = {
      progress: (sent: number) => tools.progress(entry, sent),
      accepted: (received: number) => tools.accepted(entry, received),
      done: () => {
        tools.arrived(entry);
        resolve();
      },
      failed: (problem: SendingProblem["problem"]) => reject(new SendingProblem(problem)),
    };
    const carrier = tools.door.carry(file, record, journey, tools.pacer);
    signal.addEventListener("abort", () => {
      carrier.stop();
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
