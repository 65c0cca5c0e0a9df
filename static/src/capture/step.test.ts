import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Hooks } from "./hooks";
import { Sender } from "./sender";
import { deferred, FakeDoor, FakeShelf, preview, record } from "./sender_fakes";
import { SendingProblem } from "./transfer";

let door: FakeDoor;
let hooks: Hooks;
let hash: () => Promise<string | null>;
let sender: Sender;

beforeEach(() => {
  vi.useFakeTimers();
  door = new FakeDoor();
  hooks = { prepare: null, beforeQueue: null };
  hash = () => Promise.resolve("ab".repeat(32));
  sender = new Sender({
    shelf: new FakeShelf(),
    door,
    hooks,
    hash: () => hash(),
    face: () => Promise.resolve(null),
    now: () => Date.now(),
    online: () => true,
    changed: () => {},
  });
});

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** A file of `size` bytes, as far as anybody looks. */
async function add(name: string, size: number): Promise<ReturnType<typeof record>> {
  const one = record(name, size);
  const file = new File([], name);
  Object.defineProperty(file, "size", { value: size });
  sender.take(one, file, false);
  await settled();
  return one;
}

describe("what goes ahead", () => {
  test("a preview goes in the request that opens the upload, with the file's checksum", async () => {
    const made = preview();
    hooks.prepare = () => Promise.resolve(made);
    await add("a", 100);
    expect(door.along).toEqual([made.along]);
    expect(door.openedWith).toEqual(["ab".repeat(32)]);
  });

  test("a large file's preview does not wait for its checksum, which is counted before its bytes", async () => {
    const counted = deferred<string>();
    hash = () => counted.promise;
    const one = await add("a", 40 * 1024 * 1024);
    expect(door.openedWith).toEqual([null]);
    expect(door.journeys.size).toBe(0);
    counted.resolve("cd".repeat(32));
    await settled();
    expect(one.sha256).toBe("cd".repeat(32));
    expect([...door.journeys.keys()]).toEqual(["a"]);
  });

  test("the file's bytes leave the line to its preview until that can have been shown", async () => {
    door.openAnswer = (one) => ({ uploadId: `up-${one.name}`, received: 0, whole: false, ahead: "shown" });
    hooks.prepare = () => Promise.resolve(preview());
    await add("a", 100);
    expect(door.pauses).toEqual([1000]);
  });

  test("a file of which nothing can be made goes alone, and says why", async () => {
    hooks.prepare = () => Promise.resolve("encoding");
    await add("a", 100);
    expect(door.along).toEqual([null]);
    expect(sender.transfers[0]).toMatchObject({ state: "sending", noPreview: "encoding" });
  });

  test("a preview that the server cannot use is said too", async () => {
    door.openAnswer = (one) => ({ uploadId: `up-${one.name}`, received: 0, whole: false, ahead: "refused" });
    hooks.prepare = () => Promise.resolve(preview());
    await add("a", 100);
    expect(sender.transfers[0]).toMatchObject({ state: "sending", noPreview: "refused" });
  });

  test("a preview that a lost link kept from going is not made again", async () => {
    const lost = new SendingProblem({ kind: "network" });
    const open = door.openAnswer;
    door.openAnswer = () => {
      throw lost;
    };
    let made = 0;
    hooks.prepare = () => {
      made++;
      return Promise.resolve(preview());
    };
    await add("a", 100);
    door.openAnswer = open;
    sender.wake();
    await settled();
    expect([made, door.opened.length, sender.transfers[0]?.state]).toEqual([1, 2, "sending"]);
    expect(door.along[1]).toBe(door.along[0]);
  });
});
