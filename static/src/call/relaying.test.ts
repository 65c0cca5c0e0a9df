import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock, FakeConnection, FakePeer, settle } from "./fakes";
import { Path, SILENT_MS } from "./path";
import type { PeerLink } from "./peer_link";
import { ANSWER_MS, LOST_MS } from "./relay_link";
import { OVERLAP_MS, Relaying } from "./relaying";

const RELAY = { kind: "relay", id: "relay-route" } as const;
const DIRECT = { kind: "direct", id: "direct-route" } as const;
const TRACKS = { audio: { kind: "audio" }, video: { kind: "video" } } as never;

let clock: FakeClock;
let connection: FakeConnection;
let peers: FakePeer[];
let told: number;
let routes: number;
let direct: { status: string; stream: string; listeners: Map<string, () => void> };
let path: Path;
let relaying: Relaying;

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  connection.answer = () => ({});
  peers = [];
  told = 0;
  routes = 0;
  direct = { status: "connected", stream: "direct stream", listeners: new Map() };
  path = new Path(clock, linkOf(direct));
  relaying = new Relaying({
    connection: connection.as(),
    clock,
    session: () => "my-session",
    iceServers: () => [],
    tracks: () => TRACKS,
    wantsPicture: () => true,
    limits: () => ({ audio_bps: 24_000, video_bps: 250_000, frame_rate: 20 }),
    createConnection: () => {
      const made = new FakePeer();
      peers.push(made);
      return made as never;
    },
    createStream: () => ({}) as never,
    onDirectTracks: () => (told += 1),
    onRoute: () => (routes += 1),
  });
  relaying.add("asha", path);
});

function linkOf(state: typeof direct): PeerLink {
  return {
    ...state,
    on: (name: string, handler: () => void) => state.listeners.set(name, handler),
    getStats: () => Promise.resolve(new Map()),
    level: () => 0,
    close: () => undefined,
  } as never;
}

function offers(): Record<string, unknown>[] {
  return connection.named("open_media");
}

/** The relay answers each offer that waits. */
async function answerAll(): Promise<void> {
  await settle();
  for (const { purpose, publisher, attempt } of offers().filter(({ route }) => route === relaying.route.id)) {
    const answer = { route: relaying.route.id, purpose, publisher, attempt, sdp: "v=0\r\n" };
    relaying.answered(answer as never);
  }
  await settle();
}

describe("a call that goes through a relay", () => {
  test("our media goes out once, and each other member's comes in once", async () => {
    relaying.changed(RELAY);
    await settle();
    expect(offers()).toMatchObject([
      { route: "relay-route", session_id: "my-session", purpose: "publish", publisher: null, attempt: 1 },
      { route: "relay-route", session_id: "my-session", purpose: "subscribe", publisher: "asha", attempt: 1 },
    ]);
  });

  test("the direct link is heard until the relay carries, and sends until everyone had time to change", async () => {
    relaying.changed(RELAY);
    await settle();
    expect(path.way).toBe("direct");
    await answerAll();
    await clock.pass(SILENT_MS + 200);
    expect(path.way).toBe("relay");
    expect(relaying.directTracks).toBe(TRACKS);
    await clock.pass(OVERLAP_MS);
    expect(relaying.directTracks).toEqual({ audio: null, video: null });
    expect(told).toBe(1);
  });

  test("back to direct: the direct link sends at once, and the relay is left when the direct link carries", async () => {
    relaying.changed(RELAY);
    await answerAll();
    await clock.pass(OVERLAP_MS * 2);
    relaying.changed(DIRECT);
    expect(relaying.directTracks).toBe(TRACKS);
    expect(path.way).toBe("relay");
    await clock.pass(SILENT_MS + 200);
    expect(path.way).toBe("direct");
    await clock.pass(OVERLAP_MS);
    expect(peers.map((peer) => peer.connectionState)).toEqual(["closed", "closed"]);
  });

  test("another relay: the direct links carry until it does", async () => {
    relaying.changed(RELAY);
    await answerAll();
    await clock.pass(OVERLAP_MS * 2);
    relaying.changed({ kind: "relay", id: "another-route" });
    expect(path.way).toBe("direct");
    expect(relaying.directTracks).toBe(TRACKS);
    await answerAll();
    await clock.pass(SILENT_MS + 200);
    expect(path.way).toBe("relay");
    expect(offers().at(-1)).toMatchObject({ route: "another-route" });
  });

  test("an offer that is not answered, or refused, is made again, with a pause that grows", async () => {
    relaying.remove("asha");
    relaying.changed(RELAY);
    await settle();
    await clock.pass(ANSWER_MS + 600);
    expect(offers().map((offer) => offer.attempt)).toEqual([1, 2]);
    relaying.refused({ route: "relay-route", purpose: "publish", publisher: null, attempt: 2, code: "full" });
    await clock.pass(900);
    expect(offers()).toHaveLength(2);
    await clock.pass(200);
    expect(offers()).toHaveLength(3);
  });

  test("an answer to an older offer, or of another route, is left alone", async () => {
    relaying.remove("asha");
    relaying.changed(RELAY);
    await settle();
    const answer = { purpose: "publish", publisher: null, type: "answer", sdp: "v=0\r\n" } as const;
    relaying.answered({ ...answer, route: "relay-route", attempt: 7 });
    relaying.answered({ ...answer, route: "an-old-route", attempt: 1 });
    await settle();
    expect(peers[0]?.signalingState).toBe("have-local-offer");
  });

  test("a connection that is lost is made anew", async () => {
    relaying.remove("asha");
    relaying.changed(RELAY);
    await answerAll();
    peers[0]?.become("disconnected");
    await clock.pass(LOST_MS + 600);
    expect(peers).toHaveLength(2);
    relaying.networkChanged();
    expect(peers).toHaveLength(3);
  });

  test("what a former relay held back is not held by the next", () => {
    relaying.changed(RELAY);
    relaying.changed(RELAY);
    relaying.changed({ kind: "relay", id: "another-route" });
    expect(routes).toBe(2);
  });

  test("the picture is offered a second time, small, and sent while the relay asks for it", async () => {
    relaying.hear();
    relaying.changed(RELAY);
    await answerAll();
    const publish = offers().find(({ purpose }) => purpose === "publish");
    expect(publish?.tracks).toEqual(["voice", "picture", "low"]);
    const [, , small] = peers.find((peer) => peer.getTransceivers().length === 3)?.getTransceivers() ?? [];
    const told: { active: boolean }[] = [];
    Object.assign(small?.sender ?? {}, {
      getParameters: () => ({ encodings: [{ active: false }] }),
      setParameters: ({ encodings: [encoding] }: { encodings: { active: boolean }[] }) => {
        told.push({ ...(encoding as { active: boolean }) });
        return Promise.resolve();
      },
    });
    connection.tell("small_picture_wanted", { wanted: true });
    connection.tell("small_picture_wanted", { wanted: false });
    expect(told).toMatchObject([{ active: true, maxBitrate: 64_000 }, { active: false }]);
  });

  test("where the relay makes the offers, ours is an answer, and it hears how they arrive", async () => {
    relaying.changed({ ...RELAY, receive: "answer" });
    await settle();
    expect(offers().find(({ purpose }) => purpose === "subscribe")).toMatchObject({ sdp: null });
    expect(offers().find(({ purpose }) => purpose === "publish")?.sdp).toContain("offer");
    const named = { route: "relay-route", purpose: "subscribe", publisher: "asha", attempt: 1 } as const;
    relaying.answered({ ...named, type: "offer", sdp: "v=0\r\n" });
    await settle();
    expect(connection.named("send_media_answer")).toMatchObject([{ route: "relay-route", publisher: "asha" }]);
    expect(connection.named("send_media_answer")[0]?.sdp).toContain("answer");
    const sample = { lossIn: 0.25, roundTrip: 300.4, pictureIn: 90_000 };
    relaying.tellReception([{ participantId: "asha", way: "relay", sample } as never]);
    expect(connection.named("tell_reception")).toMatchObject([
      { route: "relay-route", links: [{ publisher: "asha", loss: 0.25, round_trip: 300, picture: 90_000 }] },
    ]);
  });

  test("leaving ends every connection", async () => {
    relaying.changed(RELAY);
    await answerAll();
    relaying.close();
    expect(peers.map((peer) => peer.connectionState)).toEqual(["closed", "closed"]);
    await clock.pass(60_000);
    expect(peers).toHaveLength(2);
  });
});
