import type { Carrier, Door, Journey, Opened, Outcome } from "./door";
import type { Prepared } from "./hooks";
import type { Pacer } from "./pacer";
import type { Shelf } from "./shelf";
import type { KeptRecord } from "./transfer";

/** A server that does what the test says. */
export class FakeDoor implements Door {
  readonly opened: string[] = [];
  readonly along: (FormData | null)[] = [];
  readonly openedWith: (string | null)[] = [];
  /** How long the line was to be left alone when each file's bytes began, ms. */
  readonly pauses: number[] = [];
  readonly ended: string[] = [];
  readonly journeys = new Map<string, Journey>();
  readonly stopped: string[] = [];
  readonly outcomes = new Map<string, Outcome>();
  openAnswer: (record: KeptRecord) => Opened = (record) => ({ uploadId: `up-${record.name}`, received: 0, whole: false, ahead: null });
  open(record: KeptRecord, _signal: AbortSignal, along: FormData | null): Promise<Opened> {
    this.opened.push(record.name);
    this.along.push(along);
    this.openedWith.push(record.sha256);
    return new Promise((resolve) => resolve(this.openAnswer(record)));
  }
  carry(_file: File, record: KeptRecord, journey: Journey, pacer: Pacer): Carrier {
    this.pauses.push(pacer.pauseMs);
    this.journeys.set(record.name, journey);
    return { stop: () => this.stopped.push(record.name) };
  }
  outcome(uploadId: string): Promise<Outcome> {
    return Promise.resolve(this.outcomes.get(uploadId) ?? { state: "checking" });
  }
  end(uploadId: string): Promise<void> {
    this.ended.push(uploadId);
    return Promise.resolve();
  }
}

/** A shelf of copies, as a database keeps them. */
export class FakeShelf implements Shelf {
  readonly records = new Map<string, KeptRecord>();
  readonly bytes = new Map<string, File>();
  all(): Promise<KeptRecord[]> {
    return Promise.resolve([...this.records.values()].map((record) => ({ ...record })));
  }
  add(record: KeptRecord, bytes: Blob): Promise<void> {
    this.records.set(record.id, { ...record });
    this.bytes.set(record.id, bytes as File);
    return Promise.resolve();
  }
  update(record: KeptRecord): Promise<void> {
    if (this.records.has(record.id)) {
      this.records.set(record.id, { ...record });
    }
    return Promise.resolve();
  }
  open(record: KeptRecord): Promise<File | null> {
    return Promise.resolve(this.bytes.get(record.id) ?? null);
  }
  reopen(): Promise<File | null> {
    return Promise.resolve(null);
  }
  remove(id: string): Promise<void> {
    this.records.delete(id);
    this.bytes.delete(id);
    return Promise.resolve();
  }
  clear(): Promise<void> {
    this.records.clear();
    return Promise.resolve();
  }
}

export function record(name: string, size: number): KeptRecord {
  const file = { id: `id-${name}`, caseId: "case", name, size, lastModified: 5, addedAt: size, face: null };
  const progress = { order: 0, held: false, uploadId: null, received: 0, sha256: null, ahead: false };
  return { ...file, ...progress, restarts: 0, whole: false, refusal: null };
}

export function preview(): Prepared {
  return { face: null, along: new FormData(), settled: () => undefined, more: null };
}

export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
