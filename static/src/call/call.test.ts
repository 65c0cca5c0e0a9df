import { beforeEach, describe, expect, test, vi } from "vitest";
import { Call } from "./call";
import { Capture } from "./capture";
import { FakeClock, FakeConnection, FakeDevices, FakePeer, settle } from "./fakes";
import { CONFIRM_MS } from "./members";

const LIMITS = [
  { audio_bps: 24_000, video_bps: 600_000, frame_rate: 24 },
  { audio_bps: 20_000, video_bps: 250_000, frame_rate: 20 },
];
const ROUTE = { kind: "direct", id: "first-route" };
const ASHA = { participant_id: "asha", session_id: "session-asha", audio: true, video: true, camera: null };

let clock: FakeClock;
let connection: FakeConnection;
let devices: FakeDevices;
let peers: FakePeer[];
let members: object[];
let call: Call;

beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  clock = new FakeClock();
  connection = new FakeConnection();
  devices = new FakeDevices();
  peers = [];
  members = [];
  connection.answer = () => ({ members, limits: LIMITS, route: ROUTE });
  call = new Call({
    connection: connection.as(),
    me: "me",
    iceServers: () => [],
    capture: new Capture(devices.as()),
    clock,
    createConnection: () => {
      const made = new FakePeer();
      peers.push(made);
      return made as never;
    },
    createStream: () => ({ getTracks: () => [] }) as never,
  });
});

async function joinWith(...present: object[]): Promise<void> {
  members = present;
  await call.join({ audio: true, video: true });
  await settle();
}

async function answered(): Promise<void> {
  const answer = { type: "answer", sdp: "v=0\r\n" };
  connection.tell("description_sent", { from: "asha", session_id: "session-asha", description: answer, attempt: 0 });
  await settle();
}

function present(): string[] {
  return call.memberViews.map((member) => member.participantId);
}

describe("joining", () => {
  test("opens the devices, takes a seat and offers to those who are there", async () => {
    await joinWith(ASHA);
    expect(call.state.kind).toBe("in");
    expect(connection.named("join_call")[0]).toMatchObject({ audio: true, video: true });
    expect(connection.named("send_description")[0]).toMatchObject({ to: "asha", session_id: "session-asha", attempt: 0 });
  });

  test("an offer that arrives before our own seat is confirmed is not lost", async () => {
    const early = { ...ASHA, participant_id: "zoya", session_id: "session-zoya" };
    connection.answer = (name) => {
      if (name === "join_call") {
        const description = { type: "offer", sdp: "v=0\r\n" };
        connection.tell("description_sent", { from: "zoya", session_id: "session-zoya", description, attempt: 0 });
      }
      return { members: [early], limits: LIMITS, route: ROUTE };
    };
    await joinWith(early);
    expect(connection.named("send_description").map((sent) => (sent.description as { type: string }).type)).toEqual([
      "answer",
    ]);
  });

  test("a refusal ends as failed with its sentence and lets go of the devices", async () => {
    connection.answer = () => {
      throw Object.assign(new Error("The call is full."), { code: "call_full" });
    };
    await joinWith();
    expect(call.state).toMatchObject({ kind: "failed", reason: { code: "call_full", sentence: "The call is full." } });
    expect(devices.given.every((track) => track.readyState === "ended")).toBe(true);
  });

  test("leaving while the browser still asks joins nothing", async () => {
    const joining = call.join({ audio: true, video: true });
    await call.leave();
    await joining;
    expect(connection.named("join_call")).toEqual([]);
    expect(call.state.kind).toBe("idle");
  });

  test("without any device one is in the call and told why nothing is heard", async () => {
    devices.fail = () => "NotAllowedError";
    await joinWith(ASHA);
    expect(call.state.kind).toBe("in");
    expect(call.own).toMatchObject({ audio: false, problem: { code: "refused", device: "microphone" } });
  });

  test("joining again is a new session", async () => {
    await joinWith();
    await call.leave();
    await joinWith();
    const [first, second] = connection.named("join_call").map((sent) => sent.session_id);
    expect(first).not.toBe(second);
  });
});

describe("the others", () => {
  test("come and go", async () => {
    await joinWith();
    connection.tell("call_joined", { member: ASHA });
    expect(present()).toEqual(["asha"]);
    connection.tell("call_left", { participant_id: "asha", reason: "left" });
    expect(present()).toEqual([]);
    expect(peers[0]!.connectionState).toBe("closed");
  });

  test("in a new session get a new link", async () => {
    await joinWith(ASHA);
    connection.tell("call_joined", { member: { ...ASHA, session_id: "session-again" } });
    expect(peers.map((peer) => peer.connectionState)).toEqual(["closed", "new"]);
  });

  test("whose line to the server is lost stay while their voice comes", async () => {
    await joinWith(ASHA);
    await answered();
    connection.tell("call_left", { participant_id: "asha", reason: "lost" });
    expect(present()).toEqual(["asha"]);
    peers[0]!.become("disconnected");
    expect(present()).toEqual([]);
  });

  test("messages of another session than theirs are ignored", async () => {
    await joinWith(ASHA);
    const description = { type: "answer", sdp: "v=0\r\n" };
    connection.tell("description_sent", { from: "asha", session_id: "session-old", description, attempt: 0 });
    await settle();
    expect(peers[0]!.remoteDescription).toBeNull();
  });

  test("are known before one joins", async () => {
    const told: (readonly string[])[] = [];
    call.on("waiting", (waiting) => told.push(waiting));
    members = [ASHA];
    await call.watch();
    connection.tell("call_left", { participant_id: "asha", reason: "left" });
    expect(told).toEqual([["asha"], []]);
    expect(present()).toEqual([]);
  });
});

describe("after a reconnection", () => {
  test("the same session takes its seat again and the links stay", async () => {
    await joinWith(ASHA);
    await answered();
    await connection.reconnect();
    const [first, second] = connection.named("join_call").map((sent) => sent.session_id);
    expect(second).toBe(first);
    expect(peers).toHaveLength(1);
    expect(peers[0]!.restarts).toBe(0);
  });

  test("those who are not back yet are kept while they are heard, and let go of if they never come", async () => {
    await joinWith(ASHA);
    await answered();
    members = [];
    await connection.reconnect();
    expect(present()).toEqual(["asha"]);
    await clock.pass(CONFIRM_MS);
    expect(present()).toEqual(["asha"]);
    peers[0]!.become("failed");
    expect(present()).toEqual([]);
  });

  test("a seat that is refused at first is asked for again, and the page's connection is not the worse for it", async () => {
    await joinWith(ASHA);
    const working = connection.answer;
    connection.answer = () => {
      throw new Error("busy");
    };
    await expect(connection.reconnect()).resolves.toBeUndefined();
    connection.answer = working;
    await clock.pass(2000);
    expect(connection.named("join_call")).toHaveLength(3);
  });

  test("outside the call only who is waiting is asked", async () => {
    await connection.reconnect();
    expect(connection.named("join_call")).toEqual([]);
    expect(connection.named("watch_call")).toHaveLength(1);
  });
});

test("muting is told once, and nothing is told twice", async () => {
  await joinWith();
  const before = connection.named("change_media").length;
  await call.setAudio(false);
  await call.setAudio(false);
  expect(connection.named("change_media").slice(before)).toEqual([{ audio: false, video: true, camera: "front" }]);
});

test("another tab taking over ends the call here", async () => {
  await joinWith(ASHA);
  connection.tell("moved_elsewhere", {});
  expect(call.state.kind).toBe("idle");
  expect(present()).toEqual([]);
  expect(devices.given.every((track) => track.readyState === "ended")).toBe(true);
});
