// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StageDocument } from "./document";
import type { Annotation } from "./schema";
import { StageSync } from "./sync";
import type { StageTransport, SyncReply, TransportState } from "./transport";
import type { UnsentChange, UnsentStore } from "./unsent";

const ASHA = "a".repeat(32);
const IMRAN = "b".repeat(32);

function drawing(author: string, said: Partial<Annotation> = {}): Annotation {
  return {
    kind: "arrow", instance: "1".repeat(32), sop: "1.2.3", frame: 1, points: [1, 2, 3, 4], text: "",
    colour: "#ffd400", author, author_name: "Dr", created_at: 1, ...said,
  };
}

function id(digit: string): string {
  return digit.repeat(32);
}

class Refusal extends Error {
  constructor(readonly code: string) {
    super(`no: ${code}`);
  }
}

/** The server's document and its links, each of which a test cuts, mends or makes lose answers. */
class Server {
  readonly document = new StageDocument("0".repeat(32));
  readonly links: Link[] = [];
  /** What the server says of a changed annotation; null takes it. */
  judge: (annotation: Annotation) => string | null = () => null;

  link(): Link {
    const link = new Link(this);
    this.links.push(link);
    return link;
  }

  take(from: Link, update: Uint8Array): void {
    const before = this.document.annotations();
    const candidate = new StageDocument("0".repeat(32));
    candidate.receive(this.document.since(candidate.stateVector()));
    candidate.receive(update);
    for (const [key, annotation] of candidate.annotations()) {
      const code = before.get(key) === annotation ? null : this.judge(annotation);
      if (code !== null) {
        throw new Refusal(code);
      }
    }
    this.document.receive(update);
    this.links.filter((link) => link !== from && link.up).forEach((link) => link.hear(update));
  }
}

class Link implements StageTransport {
  up = true;
  /** How many of the next answers get lost after the server has done its work. */
  loseAnswers = 0;
  sent: string[] = [];
  private readonly updated = new Set<(message: { update: Uint8Array; by: string }) => void>();
  private readonly statuses = new Set<(state: TransportState) => void>();

  constructor(private readonly server: Server) {}

  request(name: "sync_stage", message: { state_vector: Uint8Array }): Promise<SyncReply>;
  request(name: "update_stage", message: { update: Uint8Array }): Promise<object>;
  async request(name: string, message: { state_vector?: Uint8Array; update?: Uint8Array }): Promise<SyncReply | object> {
    await Promise.resolve();
    if (!this.up) {
      throw new Refusal("offline");
    }
    this.sent.push(name);
    if (message.state_vector) {
      const { document } = this.server;
      return { update: document.since(message.state_vector), state_vector: document.stateVector() };
    }
    this.server.take(this, message.update ?? new Uint8Array());
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      throw new Refusal("timeout");
    }
    return {};
  }

  on(_name: "stage_updated", handler: (message: { update: Uint8Array; by: string }) => void): () => void {
    this.updated.add(handler);
    return () => void this.updated.delete(handler);
  }

  onStatus(handler: (state: TransportState) => void): () => void {
    this.statuses.add(handler);
    handler({ status: this.up ? "up" : "down" });
    return () => void this.statuses.delete(handler);
  }

  turn(up: boolean): void {
    this.up = up;
    this.statuses.forEach((handler) => handler({ status: up ? "up" : "down" }));
  }

  hear(update: Uint8Array): void {
    this.updated.forEach((handler) => handler({ update, by: "" }));
  }
}

class Kept implements UnsentStore {
  constructor(public changes: readonly UnsentChange[] = []) {}

  load(): Promise<readonly UnsentChange[]> {
    return Promise.resolve(this.changes);
  }

  save(changes: readonly UnsentChange[]): void {
    this.changes = changes;
  }
}

interface Person {
  document: StageDocument;
  sync: StageSync;
  link: Link;
  store: Kept;
  refusals: string[];
}

async function join(server: Server, me: string, store = new Kept()): Promise<Person> {
  const document = new StageDocument(me);
  const link = server.link();
  const refusals: string[] = [];
  const sync = new StageSync(document, link, store, {
    unsentChanged: () => undefined,
    refused: (sentence) => refusals.push(sentence),
  });
  await sync.start();
  return { document, sync, link, store, refusals };
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(20_000);
}

function ids(document: StageDocument): string[] {
  return [...document.annotations().keys()].sort();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the shared document", () => {
  it("brings a drawing to the other side and then calls it sent", async () => {
    const server = new Server();
    const [asha, imran] = [await join(server, ASHA), await join(server, IMRAN)];
    await settled();
    asha.document.put(id("1"), drawing(ASHA));
    expect([...asha.sync.unsent()]).toEqual([id("1")]);
    await settled();
    expect(asha.sync.unsent().size).toBe(0);
    expect(imran.document.annotations().get(id("1"))).toEqual(drawing(ASHA));
  });

  it("merges what both drew while the link was gone, without loss", async () => {
    const server = new Server();
    const [asha, imran] = [await join(server, ASHA), await join(server, IMRAN)];
    await settled();
    asha.link.turn(false);
    imran.link.turn(false);
    for (const digit of ["1", "2", "3"]) {
      asha.document.put(id(digit), drawing(ASHA));
    }
    imran.document.put(id("4"), drawing(IMRAN));
    await settled();
    expect(asha.sync.unsent().size).toBe(3);
    asha.link.turn(true);
    imran.link.turn(true);
    await settled();
    const all = ["1", "2", "3", "4"].map(id);
    expect([ids(asha.document), ids(imran.document), ids(server.document)]).toEqual([all, all, all]);
    expect(asha.sync.pending + imran.sync.pending).toBe(0);
    expect(asha.link.sent.filter((name) => name === "update_stage")).toHaveLength(1);
  });

  it("sends again what was taken but not answered, and it is there once", async () => {
    const server = new Server();
    const asha = await join(server, ASHA);
    await settled();
    asha.link.loseAnswers = 2;
    asha.document.put(id("1"), drawing(ASHA));
    await settled();
    expect(asha.sync.pending).toBe(0);
    expect(ids(server.document)).toEqual([id("1")]);
  });

  it("keeps what is unsent on the device and sends it from the next page", async () => {
    const server = new Server();
    const store = new Kept();
    const asha = await join(server, ASHA, store);
    await settled();
    asha.link.turn(false);
    asha.document.put(id("1"), drawing(ASHA));
    asha.sync.destroy();
    const again = await join(server, ASHA, new Kept(store.changes));
    expect([...again.sync.unsent()]).toEqual([id("1")]);
    await settled();
    expect(ids(server.document)).toEqual([id("1")]);
    expect(again.store.changes).toEqual([]);
  });

  it("starts over when the server refuses, keeps what it may and says what it could not", async () => {
    const server = new Server();
    server.judge = (annotation) => (annotation.text === "bad" ? "invalid" : null);
    const [asha, imran] = [await join(server, ASHA), await join(server, IMRAN)];
    await settled();
    imran.document.put(id("9"), drawing(IMRAN));
    asha.link.turn(false);
    asha.document.put(id("1"), drawing(ASHA));
    asha.document.put(id("2"), drawing(ASHA, { text: "bad" }));
    asha.document.put(id("3"), drawing(ASHA));
    asha.link.turn(true);
    await settled();
    expect(ids(server.document)).toEqual(["1", "3", "9"].map(id));
    expect(ids(asha.document)).toEqual(["1", "3", "9"].map(id));
    expect(ids(imran.document)).toEqual(["1", "3", "9"].map(id));
    expect(asha.refusals.length).toBeGreaterThan(0);
    expect(asha.sync.pending).toBe(0);
  });

  it("gives up what is drawn after the consult has ended, and says so", async () => {
    const server = new Server();
    const asha = await join(server, ASHA);
    await settled();
    server.judge = () => "consult_ended";
    asha.document.put(id("1"), drawing(ASHA));
    await settled();
    expect(ids(asha.document)).toEqual([]);
    expect(asha.refusals).toHaveLength(1);
  });

  it("splits what grew too long for one message", async () => {
    const server = new Server();
    const asha = await join(server, ASHA);
    await settled();
    asha.link.turn(false);
    const points = Array.from({ length: 4000 }, (_, i) => i + 0.37);
    for (let i = 0; i < 20; i++) {
      asha.document.put(i.toString(16).padStart(32, "0"), drawing(ASHA, { kind: "line", points }));
    }
    asha.link.turn(true);
    await settled();
    expect(asha.link.sent.filter((name) => name === "update_stage").length).toBeGreaterThan(2);
    expect(server.document.annotations().size).toBe(20);
  });

  it("undoes only one's own drawing", async () => {
    const server = new Server();
    const [asha, imran] = [await join(server, ASHA), await join(server, IMRAN)];
    await settled();
    asha.document.put(id("1"), drawing(ASHA));
    await settled();
    imran.document.put(id("2"), drawing(IMRAN));
    await settled();
    asha.document.undo();
    asha.document.undo();
    await settled();
    expect(ids(server.document)).toEqual([id("2")]);
    asha.document.remove(id("2"));
    expect(ids(asha.document)).toEqual([id("2")]);
  });
});
