import type { Door } from "./door";
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
    await sendBytes(entry, file, signal, tools);
  }
}

/** Opens the upload and sends what goes before the bytes. Checksum and preview are made at the same time. */
async function goAhead(entry: Entry, file: File, signal: AbortSignal, tools: StepTools): Promise<void> {
  const { record } = entry;
  const hash = record.sha256 === null ? tools.hash(file, signal) : Promise.resolve(record.sha256);
  const made = record.ahead ? Promise.resolve(null) : prepared(file, signal, tools);
  const [sha256, small] = await Promise.all([hash, made]);
  record.sha256 = sha256;
  record.face = small?.face ?? record.face;
  tools.changed();
  if (record.uploadId === null) {
    const opened = await tools.door.open(record, signal);
    record.uploadId = opened.uploadId;
    record.received = entry.sent = opened.received;
    tools.save(entry);
    if (opened.whole) {
      record.ahead = true;
      tools.arrived(entry);
      return;
    }
  }
  await small?.send(record.uploadId, signal);
  entry.more = small?.more ?? null;
  record.ahead = true;
}

async function prepared(file: File, signal: AbortSignal, tools: StepTools): Promise<Prepared | null> {
  try {
    return (await tools.hooks.prepare?.(file, signal)) ?? null;
  } catch {
    signal.throwIfAborted();
    return null; // the original decides what the file is
  }
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
