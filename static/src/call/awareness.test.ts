import { beforeEach, describe, expect, test } from "vitest";
import { AwarenessChannel, parseAwareness, type AwarenessState } from "./awareness";
import { FakeClock, FakeConnection } from "./fakes";

let clock: FakeClock;
let connection: FakeConnection;
let reached: Set<string>;
let audience: string[];
let direct: string[];
let channel: AwarenessChannel;

function state(at: number): AwarenessState {
  return { pointer: { instance: "i", frame: 1, x: at, y: 2 }, view: null, at };
}

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  reached = new Set(["asha"]);
  audience = ["asha"];
  direct = [];
  channel = new AwarenessChannel({
    connection: connection.as(),
    clock,
    reached: () => reached,
    sendToReached: (text) => direct.push(text),
    audience: () => audience,
  });
});

describe("sending", () => {
  test("does not trouble the server when everyone has a channel", () => {
    channel.send(state(1));
    expect(direct.map((text) => JSON.parse(text) as object)).toEqual([state(1)]);
    expect(connection.named("point_stage")).toEqual([]);
  });

  test("goes through the server ten times a second at most, the last state always", async () => {
    audience = ["asha", "bela"];
    for (let at = 1; at <= 60; at += 1) {
      channel.send(state(at));
      await clock.pass(16);
    }
    await clock.pass(1000);
    const sent = connection.named("point_stage").map((message) => (message.state as AwarenessState).at);
    expect(sent.length).toBeLessThanOrEqual(11);
    expect(sent.length).toBeGreaterThanOrEqual(9);
    expect(sent.at(-1)).toBe(60);
  });
});

describe("receiving", () => {
  test("takes each state once, by whichever way it comes first, and never an older one", () => {
    const heard: number[] = [];
    channel.on((_from, { at }) => heard.push(at));
    channel.received("asha", JSON.stringify(state(2)));
    connection.tell("stage_pointed", { from: "asha", state: state(2) });
    channel.received("asha", JSON.stringify(state(1)));
    connection.tell("stage_pointed", { from: "bela", state: state(1) });
    expect(heard).toEqual([2, 1]);
  });

  test("a sender whose clock was set back is heard again", () => {
    const heard: number[] = [];
    channel.on((_from, { at }) => heard.push(at));
    channel.received("asha", JSON.stringify(state(100_000)));
    channel.received("asha", JSON.stringify(state(10_000)));
    expect(heard).toEqual([100_000, 10_000]);
  });

  test("what is no state is dropped without a word", () => {
    const heard: unknown[] = [];
    channel.on((_from, told) => heard.push(told));
    for (const text of ["", "{", "null", "[]", '{"at":"1"}', '{"at":1e999}', `{"at":1,"x":"${"x".repeat(9000)}"}`]) {
      channel.received("asha", text);
    }
    expect(heard).toEqual([]);
  });

  test("a pointer that is none is left out", () => {
    const broken = { pointer: { instance: "i", frame: 1, x: Number.NaN, y: 0 }, view: [1], at: 5 };
    expect(parseAwareness(broken)).toEqual({ pointer: null, view: null, at: 5 });
  });
});
