import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../ui/api";
import { Draft, type Saving, type Version } from "./draft";
import { keepHere, forgetKept } from "./kept";
import type { Fields, SavedReply } from "./messages";

const EMPTY: Fields = { findings: "", impression: "" };

/** A server that holds one draft and refuses saves over a version it no longer has. */
class Server {
  fields: Fields = EMPTY;
  version = 0;
  saves = 0;
  down = false;
  losesAnswers = false;
  refusal: ApiError | null = null;
  gate: Promise<void> = Promise.resolve();

  save = async (fields: Fields, version: number): Promise<SavedReply> => {
    await this.gate;
    if (this.down) {
      throw new ApiError("offline", "The server cannot be reached.");
    }
    if (this.refusal) {
      throw this.refusal;
    }
    if (version !== this.version) {
      throw new ApiError("newer_draft", "Changed in another window.", { status: 409 });
    }
    this.saves += 1;
    this.write(fields);
    if (this.losesAnswers) {
      throw new ApiError("timeout", "No answer.");
    }
    return { version: this.version, updated_at: "2026-12-04T21:35:00Z" };
  };

  current = async (): Promise<Version> => {
    await Promise.resolve();
    if (this.down) {
      throw new ApiError("offline", "The server cannot be reached.");
    }
    return { fields: this.fields, version: this.version };
  };

  write(fields: Fields): void {
    this.fields = { ...this.fields, ...fields };
    this.version += 1;
  }
}

function open(server: Server): { draft: Draft; said: Saving[]; shown: Fields[] } {
  const said: Saving[] = [];
  const shown: Fields[] = [];
  const draft = new Draft({
    start: { fields: server.fields, version: server.version },
    keep: keepHere("opinion", "c1", "u1"),
    save: server.save,
    current: server.current,
    show: (fields) => shown.push(fields),
    onSaving: (saving) => said.push(saving),
    now: () => 1000,
  });
  draft.restore();
  return { draft, said, shown };
}

const kept = (): number => localStorage.length;

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});

afterEach(() => vi.useRealTimers());

describe("saving by itself", () => {
  test("many keys in a row are one save, 800 ms after the last", async () => {
    const server = new Server();
    const { draft, said } = open(server);
    for (const findings of ["C", "Cl", "Clear"]) {
      draft.edit({ ...EMPTY, findings });
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(server.saves).toBe(0);
    await vi.advanceTimersByTimeAsync(300);
    expect(server.saves).toBe(1);
    expect(server.fields.findings).toBe("Clear");
    expect(said.at(-1)).toEqual({ state: "saved", at: 1000 });
  });

  test("what is typed while a save is under way is saved after it", async () => {
    const server = new Server();
    const { draft } = open(server);
    draft.edit({ ...EMPTY, findings: "one" });
    let openGate = (): void => {};
    server.gate = new Promise((resolve) => (openGate = resolve));
    const done = draft.settle();
    await vi.advanceTimersByTimeAsync(0);
    draft.edit({ ...EMPTY, findings: "one two" });
    openGate();
    expect(await done).toBe(true);
    expect(server.fields.findings).toBe("one two");
    expect(server.version).toBe(2);
  });

  test("text taken back before it was saved needs no save", async () => {
    const server = new Server();
    const { draft } = open(server);
    draft.edit({ ...EMPTY, findings: "x" });
    draft.edit(EMPTY);
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.saves).toBe(0);
  });
});

describe("without a network", () => {
  test("it says so, keeps the text here, and tries again until it is saved", async () => {
    const server = new Server();
    const { draft, said } = open(server);
    server.down = true;
    draft.edit({ ...EMPTY, findings: "Clear" });
    expect(kept()).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said.at(-1)).toEqual({ state: "offline" });
    server.down = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.fields.findings).toBe("Clear");
    expect(said.at(-1)?.state).toBe("saved");
    expect(kept()).toBe(0);
  });

  test("the network's return ends the pause", async () => {
    const server = new Server();
    const { draft } = open(server);
    server.down = true;
    draft.edit({ ...EMPTY, findings: "Clear" });
    await vi.advanceTimersByTimeAsync(20_000);
    server.down = false;
    draft.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.fields.findings).toBe("Clear");
  });

  test("a page opened again brings unsaved text back and saves it", async () => {
    const server = new Server();
    server.down = true;
    const first = open(server);
    first.draft.edit({ ...EMPTY, findings: "Clear" });
    first.draft.close();
    server.down = false;
    const second = open(server);
    expect(second.shown.at(-1)?.findings).toBe("Clear");
    await vi.advanceTimersByTimeAsync(10);
    expect(server.fields.findings).toBe("Clear");
    expect(kept()).toBe(0);
  });

  test("a save whose answer was lost is not mistaken for somebody else's", async () => {
    const server = new Server();
    const { draft, said } = open(server);
    server.losesAnswers = true;
    draft.edit({ ...EMPTY, findings: "Clear" });
    await vi.advanceTimersByTimeAsync(800);
    server.losesAnswers = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(server.saves).toBe(1);
    expect(said.at(-1)?.state).toBe("saved");
    expect(draft.version).toBe(1);
  });
});

describe("two windows", () => {
  test("changes to different fields are brought together", async () => {
    const server = new Server();
    const { draft, shown } = open(server);
    server.write({ impression: "Effusion" });
    draft.edit({ ...EMPTY, findings: "Opacity" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.fields).toEqual({ findings: "Opacity", impression: "Effusion" });
    expect(shown.at(-1)).toEqual({ findings: "Opacity", impression: "Effusion" });
  });

  test("changes to the same field wait for a decision, and neither text is lost until it is made", async () => {
    const server = new Server();
    const { draft, said } = open(server);
    server.write({ findings: "theirs" });
    draft.edit({ ...EMPTY, findings: "mine" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said.at(-1)).toMatchObject({ state: "clash", fields: ["findings"] });
    expect(server.fields.findings).toBe("theirs");
    expect(draft.fields.findings).toBe("mine");
    expect(await draft.settle()).toBe(false);
    draft.resolve("mine");
    await vi.advanceTimersByTimeAsync(0);
    expect(server.fields.findings).toBe("mine");
  });

  test("taking the other window's text shows it", async () => {
    const server = new Server();
    const { draft, shown } = open(server);
    server.write({ findings: "theirs" });
    draft.edit({ ...EMPTY, findings: "mine" });
    await vi.advanceTimersByTimeAsync(1000);
    draft.resolve("theirs");
    expect(shown.at(-1)?.findings).toBe("theirs");
    expect(draft.dirty).toBe(false);
    expect(kept()).toBe(0);
  });

  test("a window that only looks on follows the one that writes", async () => {
    const server = new Server();
    const { draft, shown } = open(server);
    server.write({ findings: "theirs" });
    await draft.noticed(1);
    expect(shown.at(-1)?.findings).toBe("theirs");
    expect(draft.version).toBe(1);
  });
});

test("a document signed in another window takes no more saves, and the text stays", async () => {
  const server = new Server();
  const { draft, said } = open(server);
  server.refusal = new ApiError("signed", "This is signed.", { status: 409 });
  draft.edit({ ...EMPTY, findings: "late" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said.at(-1)).toEqual({ state: "refused", message: "This is signed." });
  expect(draft.fields.findings).toBe("late");
});

test("what one reader left unsaved is not shown to the next, and signing out forgets it", () => {
  keepHere("opinion", "c1", "u1").put({ fields: { findings: "secret" }, base: EMPTY, version: 0 });
  expect(keepHere("opinion", "c1", "u2").get()).toBeNull();
  forgetKept();
  expect(keepHere("opinion", "c1", "u1").get()).toBeNull();
});
