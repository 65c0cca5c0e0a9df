import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Journey } from "./door";
import type { Hooks, Prepared } from "./hooks";
import { Sender } from "./sender";
import { FakeDoor, FakeShelf, preview, record } from "./sender_fakes";
import { SendingProblem } from "./transfer";

let door: FakeDoor;
let shelf: FakeShelf;
let hooks: Hooks;
let online: boolean;

function newSender(): Sender {
  return new Sender({
    shelf,
    door,
    hooks,
    hash: () => Promise.resolve("ab".repeat(32)),
    face: () => Promise.resolve(null),
    now: () => Date.now(),
    online: () => online,
    changed: () => {},
  });
}

let sender: Sender;

/** Queues a file as the page does: taken at once, on the shelf a moment later. */
async function add(name: string, size: number): Promise<void> {
  const one = record(name, size);
  const file = new File([new Uint8Array(size)], name);
  sender.take(one, file, false);
  await shelf.add(one, file);
  sender.keptNow(one.id);
  await settled();
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

function states(): Record<string, string> {
  return Object.fromEntries(sender.transfers.map((transfer) => [transfer.name, transfer.state]));
}

function journey(name: string): Journey {
  return door.journeys.get(name)!;
}

beforeEach(() => {
  vi.useFakeTimers();
  door = new FakeDoor();
  shelf = new FakeShelf();
  hooks = { prepare: null, beforeQueue: null };
  online = true;
  sender = newSender();
});

describe("the order", () => {
  test("one file goes at a time, and after it the smallest", async () => {
    await add("first", 500);
    await add("large", 900);
    await add("small", 10);
    journey("first").done();
    await settled();
    expect(states()).toEqual({ first: "sent", large: "waiting", small: "sending" });
  });

  test("the one that is asked for goes first, and what was under way keeps what it had", async () => {
    await add("a", 100);
    await add("b", 300);
    journey("a").accepted(60);
    sender.first("id-b");
    await settled();
    expect(states()).toEqual({ a: "waiting", b: "sending" });
    expect(door.stopped).toEqual(["a"]);
    journey("b").done();
    await settled();
    expect(states().a).toBe("sending");
    expect(sender.transfers[0]?.sent).toBe(60);
    expect(door.opened).toEqual(["a", "b"]);
  });

  test("previews of all go before the bytes of any, and small clips between them", async () => {
    const told: string[] = [];
    const prepare = (file: File): Promise<Prepared> =>
      Promise.resolve({
        ...preview(),
        settled: () => void told.push(`preview ${file.name}`),
        more: () => Promise.resolve(void told.push(`clip ${file.name}`)),
      });
    hooks.prepare = prepare;
    sender.hold("test");
    await add("a", 100);
    await add("b", 300);
    sender.letGo("test");
    await settled();
    expect(told).toEqual(["preview a", "preview b", "clip a", "clip b"]);
    expect(states()).toEqual({ a: "sending", b: "waiting" });
  });

  test("the preview of a new file passes bytes that are under way, and they go on after it", async () => {
    const told: string[] = [];
    hooks.prepare = (file) => Promise.resolve({ ...preview(), settled: () => void told.push(file.name) });
    await add("a", 100);
    journey("a").accepted(60);
    await add("b", 300);
    expect(told).toEqual(["a", "b"]);
    expect(door.stopped).toEqual(["a"]);
    expect(states()).toEqual({ a: "sending", b: "waiting" });
    expect(sender.transfers[0]?.sent).toBe(60);
  });

  test("a preview that cannot be made holds nothing up", async () => {
    hooks.prepare = () => Promise.reject(new Error("no decoder"));
    await add("a", 100);
    expect(states()).toEqual({ a: "sending" });
  });
});

describe("what a person does", () => {
  test("a pause lets the next one go, survives a reload, and goes on where it stopped", async () => {
    await add("a", 100);
    await add("b", 300);
    journey("a").accepted(40);
    sender.pause("id-a");
    await settled();
    expect(states()).toEqual({ a: "paused", b: "sending" });
    sender.stop();
    sender = newSender();
    await sender.load();
    await settled();
    expect(states()).toEqual({ a: "paused", b: "sending" });
    sender.resume("id-a");
    journey("b").done();
    await settled();
    expect(states().a).toBe("sending");
    expect(sender.transfers.find((one) => one.name === "a")?.sent).toBe(40);
    expect(door.opened).toEqual(["a", "b"]);
  });

  test("giving up tells the server, frees the line and forgets the bytes", async () => {
    await add("a", 100);
    await add("b", 300);
    await sender.cancel("id-a");
    await settled();
    expect(states()).toEqual({ b: "sending" });
    expect(door.ended).toEqual(["up-a"]);
    expect([...shelf.bytes.keys()]).toEqual(["id-b"]);
  });

  test("everything is held while two ask for it, and goes on when both have let go", async () => {
    await add("a", 100);
    sender.hold("call");
    sender.hold("person");
    expect(states()).toEqual({ a: "paused" });
    sender.letGo("call");
    await settled();
    expect(states()).toEqual({ a: "paused" });
    sender.letGo("person");
    await settled();
    expect(states()).toEqual({ a: "sending" });
  });
});

describe("a link that goes", () => {
  test("is tried again with growing pauses, and nothing else is tried meanwhile", async () => {
    await add("a", 100);
    await add("b", 300);
    journey("a").failed({ kind: "network" });
    await settled();
    expect(states()).toEqual({ a: "offline", b: "offline" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(states().a).toBe("sending");
    journey("a").failed({ kind: "network" });
    await vi.advanceTimersByTimeAsync(3999);
    expect(states().a).toBe("offline");
    await vi.advanceTimersByTimeAsync(1);
    expect(states()).toEqual({ a: "sending", b: "waiting" });
    journey("a").progress(50); // into this device's own buffers: no sign of a server
    journey("a").failed({ kind: "network" });
    await vi.advanceTimersByTimeAsync(7999);
    expect(states().a).toBe("offline");
    await vi.advanceTimersByTimeAsync(1);
    journey("a").accepted(50);
    journey("a").failed({ kind: "network" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(states().a).toBe("sending");
  });

  test("is tried at once when the network says that it is back", async () => {
    await add("a", 100);
    journey("a").failed({ kind: "network" });
    await settled();
    sender.wake();
    await settled();
    expect(states()).toEqual({ a: "sending" });
  });

  test("is not even tried on a device that knows it has none", async () => {
    online = false;
    await add("a", 100);
    expect(states()).toEqual({ a: "offline" });
    expect(sender.transfers[0]?.reason).toContain("No network");
    expect(door.opened).toEqual([]);
  });

  test("a server without room is asked again after a while, with its own sentence", async () => {
    await add("a", 100);
    journey("a").failed({ kind: "later", reason: "No room." });
    await settled();
    expect(sender.transfers[0]).toMatchObject({ state: "offline", reason: "No room." });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states()).toEqual({ a: "sending" });
  });
});

describe("the end", () => {
  test("bytes are kept here until the server has stored them", async () => {
    await add("a", 100);
    journey("a").done();
    await settled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(states()).toEqual({ a: "sent" });
    expect(shelf.bytes.has("id-a")).toBe(true);
    door.outcomes.set("up-a", { state: "stored" });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(states()).toEqual({});
    expect(shelf.bytes.has("id-a")).toBe(false);
  });

  test("a file that changed on the way is sent once more from its first byte, and then no more", async () => {
    await add("a", 100);
    door.outcomes.set("up-a", { state: "refused", code: "changed_on_the_way", reason: "It changed." });
    journey("a").done();
    await vi.advanceTimersByTimeAsync(1000);
    expect(states()).toEqual({ a: "sending" });
    expect(door.opened).toEqual(["a", "a"]);
    expect(door.ended).toEqual(["up-a"]);
    journey("a").done();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.transfers[0]).toMatchObject({ state: "refused", reason: "It changed." });
  });

  test("an upload that the server forgot is begun again", async () => {
    await add("a", 100);
    journey("a").accepted(50);
    journey("a").failed({ kind: "gone" });
    await settled();
    expect(states()).toEqual({ a: "sending" });
    expect(sender.transfers[0]?.sent).toBe(0);
    expect(door.opened).toEqual(["a", "a"]);
  });

  test("a refused file says why, stays listed, and lets the next one go", async () => {
    await add("a", 100);
    await add("b", 300);
    journey("a").failed({ kind: "refused", reason: "Too large." });
    await settled();
    expect(sender.transfers[0]).toMatchObject({ state: "refused", reason: "Too large." });
    expect(states().b).toBe("sending");
    expect(shelf.bytes.has("id-a")).toBe(false);
  });

  test("a file that the case has already is not sent", async () => {
    door.openAnswer = () => ({ uploadId: "up-a", received: 100, whole: true, ahead: "here" });
    await add("a", 100);
    expect(states()).toEqual({ a: "sent" });
    expect(door.journeys.size).toBe(0);
  });

  test("a refusal at the door is final", async () => {
    door.openAnswer = () => {
      throw new SendingProblem({ kind: "refused", reason: "This case is full." });
    };
    await add("a", 100);
    expect(sender.transfers[0]).toMatchObject({ state: "refused", reason: "This case is full." });
  });
});

describe("after the page was closed", () => {
  test("the same upload goes on from the byte that the server has", async () => {
    await add("a", 100);
    journey("a").accepted(70);
    sender.stop();
    door.journeys.clear();
    sender = newSender();
    await sender.load();
    sender.wake();
    await settled();
    expect(sender.transfers[0]).toMatchObject({ state: "sending", sent: 70, uploadId: "up-a" });
    expect(door.opened).toEqual(["a"]);
  });

  test("what had arrived is asked about, not sent again", async () => {
    await add("a", 100);
    journey("a").done();
    sender.stop();
    sender = newSender();
    await sender.load();
    door.outcomes.set("up-a", { state: "stored" });
    sender.wake();
    await vi.advanceTimersByTimeAsync(1000);
    expect(states()).toEqual({});
    expect(door.opened).toEqual(["a"]);
  });

  test("a file that the device lost is asked for, and goes on when it is chosen again", async () => {
    await add("a", 100);
    journey("a").accepted(70);
    sender.stop();
    const bytes = shelf.bytes.get("id-a")!;
    shelf.bytes.clear();
    sender = newSender();
    await sender.load();
    await settled();
    expect(states()).toEqual({ a: "missing" });
    sender.found("id-a", bytes);
    await settled();
    expect(sender.transfers[0]).toMatchObject({ state: "sending", sent: 70 });
    expect(door.opened).toEqual(["a"]);
  });
});
