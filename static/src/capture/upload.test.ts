import { beforeEach, describe, expect, test, vi } from "vitest";
import { UploadQueue, type Carrier, type Journey } from "./upload";

class FakeCarrier implements Carrier {
  started = 0;
  paused = 0;
  cancelled = 0;
  constructor(
    readonly name: string,
    readonly journey: Journey,
  ) {}
  start(): void {
    this.started += 1;
  }
  pause(): void {
    this.paused += 1;
  }
  cancel(): Promise<void> {
    this.cancelled += 1;
    return Promise.resolve();
  }
}

function file(name: string, size: number): File {
  return new File([new Uint8Array(size)], name);
}

let carriers: FakeCarrier[];
let queue: UploadQueue;

function carrier(name: string): FakeCarrier {
  return carriers.find((one) => one.name === name)!;
}

function states(): Record<string, string> {
  return Object.fromEntries(queue.transfers.map((transfer) => [transfer.name, transfer.state]));
}

function key(name: string): number {
  return queue.transfers.find((transfer) => transfer.name === name)!.key;
}

beforeEach(() => {
  vi.useFakeTimers();
  carriers = [];
  queue = new UploadQueue((given, journey) => {
    const made = new FakeCarrier(given.name, journey);
    carriers.push(made);
    return made;
  });
});

describe("the order", () => {
  test("one file goes at a time, and after it the smallest", () => {
    queue.add([file("first", 500), file("large", 900), file("small", 10)]);
    expect(states()).toEqual({ first: "waiting", large: "waiting", small: "sending" });
    carrier("small").journey.done();
    expect(states()).toEqual({ first: "sending", large: "waiting", small: "sent" });
    expect(carrier("large").started).toBe(0);
  });

  test("what is left is told to the byte", () => {
    queue.add([file("a", 100), file("b", 300)]);
    expect(queue.bytesLeft).toBe(400);
    carrier("a").journey.progress(60);
    expect(queue.bytesLeft).toBe(340);
    carrier("a").journey.done();
    expect(queue.bytesLeft).toBe(300);
    expect(queue.unsent).toHaveLength(1);
  });
});

describe("what a person does", () => {
  test("a pause lets the next one go, and going on waits for its turn", () => {
    queue.add([file("a", 100), file("b", 300)]);
    queue.pause(key("a"));
    expect(states()).toEqual({ a: "paused", b: "sending" });
    expect(carrier("a").paused).toBe(1);
    queue.resume(key("a"));
    expect(states()).toEqual({ a: "waiting", b: "sending" });
    carrier("b").journey.done();
    expect(carrier("a").started).toBe(2);
  });

  test("giving up tells the server and frees the line", async () => {
    queue.add([file("a", 100), file("b", 300)]);
    await queue.cancel(key("a"));
    expect(states()).toEqual({ b: "sending" });
    expect(carrier("a").cancelled).toBe(1);
  });

  test("a late failure of a paused file changes nothing", () => {
    queue.add([file("a", 100)]);
    queue.pause(key("a"));
    carrier("a").journey.failed({ kind: "network" });
    expect(states()).toEqual({ a: "paused" });
  });
});

describe("a link that goes", () => {
  test("is tried again with growing pauses, and nothing else is tried meanwhile", () => {
    queue.add([file("a", 100), file("b", 300)]);
    carrier("a").journey.failed({ kind: "network" });
    expect(states()).toEqual({ a: "offline", b: "waiting" });
    vi.advanceTimersByTime(2000);
    expect(states().a).toBe("sending");
    carrier("a").journey.failed({ kind: "network" });
    vi.advanceTimersByTime(3999);
    expect(states().a).toBe("offline");
    vi.advanceTimersByTime(1);
    expect(carrier("a").started).toBe(3);
    expect(carrier("b").started).toBe(0);
  });

  test("is tried at once when the network says that it is back", () => {
    queue.add([file("a", 100)]);
    carrier("a").journey.failed({ kind: "network" });
    queue.wake();
    expect(states()).toEqual({ a: "sending" });
  });

  test("keeps the bytes that were sent", () => {
    queue.add([file("a", 100)]);
    carrier("a").journey.progress(70);
    carrier("a").journey.failed({ kind: "network" });
    expect(queue.bytesLeft).toBe(30);
  });
});

test("a refused file says why, stays listed, and lets the next one go", () => {
  queue.add([file("a", 100), file("b", 300)]);
  carrier("a").journey.failed({ kind: "refused", reason: "Too large." });
  expect(queue.transfers[0]).toMatchObject({ state: "refused", reason: "Too large." });
  expect(states().b).toBe("sending");
  expect(queue.unsent.map((transfer) => transfer.name)).toEqual(["b"]);
});

test("what the server lists by itself leaves the list, what is under way stays", () => {
  queue.add([file("a", 100), file("b", 300)]);
  carrier("a").journey.opened("id-a");
  carrier("a").journey.done();
  queue.forget(() => true);
  expect(states()).toEqual({ b: "sending" });
});

test("every change is told", () => {
  const told = vi.fn();
  const stop = queue.onChange(told);
  queue.add([file("a", 100)]);
  expect(told).toHaveBeenCalled();
  stop();
  told.mockClear();
  carrier("a").journey.done();
  expect(told).not.toHaveBeenCalled();
});
