import { beforeEach, expect, test } from "vitest";
import { FakeClock, FakeConnection } from "./fakes";
import { ASK_AGAIN_MS, NO_PATH_MS, NoPath, PROMPT_MS } from "./no_path";

let clock: FakeClock;
let connection: FakeConnection;
let unreached: string[];
let slowness: number;

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  unreached = ["asha"];
  slowness = 0;
  connection.answer = (name) =>
    name === "watch_call" ? new Promise<unknown>((done) => clock.after(slowness, () => done({}))) : {};
  const noPath = new NoPath(clock, connection.as(), () => unreached);
  clock.every(1_000, () => void noPath.look());
});

const asked = (): number => connection.named("ask_for_relay").length;

test("the relay is asked for once a direct path took too long, and not before", async () => {
  await clock.pass(NO_PATH_MS);
  expect(asked()).toBe(0);
  await clock.pass(1_100);
  expect(asked()).toBe(1);
  await clock.pass(ASK_AGAIN_MS - 2_000);
  expect(asked()).toBe(1);
});

test("while there is no relay it is asked for again and again", async () => {
  connection.answer = (name) => {
    if (name === "ask_for_relay") {
      throw new Error("no_relay");
    }
    return {};
  };
  await clock.pass(NO_PATH_MS + 3 * ASK_AGAIN_MS + 5_000);
  expect(asked()).toBe(4);
});

test("a path that is found in time, or again, asks for nothing", async () => {
  await clock.pass(NO_PATH_MS - 1_000);
  unreached = [];
  await clock.pass(2_000);
  unreached = ["asha"];
  await clock.pass(NO_PATH_MS - 1_000);
  expect(asked()).toBe(0);
});

test("a line to the server that is as dead as the path is no reason to ask", async () => {
  slowness = PROMPT_MS + 15_000;
  await clock.pass(NO_PATH_MS + 10_000);
  unreached = []; // the line is back, and the path with it
  await clock.pass(30_000);
  expect(asked()).toBe(0);
});
