import { beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock, FakePeer, settle } from "./fakes";
import { PeerLink } from "./peer_link";
import { DISCONNECTED_MS, FIRST_CONNECT_MS, POLITE_EXTRA_MS, RESTART_MS } from "./recovery";
import { WHOLE_SENDING } from "./sending";
import type { Candidate, Description } from "./signals";

const LIMITS = { audio_bps: 24_000, video_bps: 600_000, frame_rate: 24 };

/** One side of a link: what it made, and the wire to the other side, which a test may cut. */
class Side {
  peers: FakePeer[] = [];
  statuses: string[] = [];
  link: PeerLink;
  other: Side | null = null;
  isCut = false;
  canSignal = true;
  sent: (Description | null)[] = [];
  private queue: (() => Promise<void>)[] = [];

  constructor(clock: FakeClock, polite: boolean) {
    this.link = new PeerLink({
      polite,
      clock,
      limits: LIMITS,
      sending: WHOLE_SENDING,
      tracks: () => ({ audio: null, video: null }),
      wantsPicture: () => true,
      createConnection: () => {
        const made = new FakePeer();
        this.peers.push(made);
        return made as never;
      },
      createStream: () => ({ getTracks: () => [] }) as never,
      canSignal: () => this.canSignal,
      sendDescription: (description, attempt) => {
        this.sent.push(description);
        return this.post(() => this.other!.link.takeDescription(description, attempt));
      },
      sendCandidate: (candidate, attempt) => this.post(() => this.other!.link.takeCandidate(candidate, attempt)),
    });
    this.link.on("status", (status) => this.statuses.push(status));
  }

  get peer(): FakePeer {
    return this.peers.at(-1)!;
  }

  /** Delivers what was sent so far. */
  async deliver(): Promise<void> {
    const waiting = this.queue.splice(0);
    for (const message of waiting) {
      await message();
    }
  }

  candidate(candidate: Candidate): void {
    const event = Object.assign(new Event("icecandidate"), { candidate });
    this.peer.dispatchEvent(event);
  }

  private post(message: () => Promise<void>): Promise<void> {
    if (this.isCut) {
      return Promise.reject(new Error("offline"));
    }
    this.queue.push(message);
    return Promise.resolve();
  }
}

let clock: FakeClock;
let polite: Side;
let impolite: Side;

async function talk(rounds = 6): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await settle();
    await Promise.all([polite.deliver(), impolite.deliver()]);
  }
  await settle();
}

beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  clock = new FakeClock();
  polite = new Side(clock, true);
  impolite = new Side(clock, false);
  polite.other = impolite;
  impolite.other = polite;
});

async function connect(): Promise<void> {
  polite.link.begin();
  impolite.link.begin();
  await talk();
}

function counts(): number[] {
  return [polite.peers.length, impolite.peers.length];
}

describe("connecting", () => {
  test("the impolite side offers, the polite side answers with its own tracks on what was offered", async () => {
    await connect();
    expect(impolite.sent.map((one) => one?.type)).toEqual(["offer"]);
    expect(polite.sent.map((one) => one?.type)).toEqual(["answer"]);
    expect(polite.peer.getTransceivers().map((one) => one.direction)).toEqual(["sendrecv", "sendrecv"]);
    expect([polite.link.status, impolite.link.status]).toEqual(["connected", "connected"]);
  });

  test("a lost first offer is made good by a new connection", async () => {
    impolite.isCut = true;
    polite.link.begin();
    impolite.link.begin();
    await talk();
    impolite.isCut = false;
    await clock.pass(FIRST_CONNECT_MS);
    await talk();
    expect(polite.link.status).toBe("connected");
    expect(counts()).toEqual([1, 2]);
    expect(polite.link.attempt).toBe(1);
  });

  test("a polite side that waits in vain begins itself", async () => {
    polite.link.begin();
    await clock.pass(FIRST_CONNECT_MS + POLITE_EXTRA_MS);
    await talk();
    expect([polite.link.status, impolite.link.status]).toEqual(["connected", "connected"]);
  });

  test("two new connections begun at once end in one, without a rollback", async () => {
    await connect();
    polite.peer.close();
    impolite.peer.close();
    polite.link.restartIce();
    impolite.link.restartIce();
    await talk();
    expect(polite.link.attempt).toBe(1);
    expect(impolite.peers).toHaveLength(2);
    expect(polite.peer.rollbacks + impolite.peer.rollbacks).toBe(0);
    expect(polite.peer.remoteDescription?.type).toBe("offer");
    expect(impolite.peer.remoteDescription?.type).toBe("answer");
  });

  test("a message of an older connection is dropped", async () => {
    await connect();
    impolite.peer.close();
    impolite.link.restartIce();
    await talk();
    const agreed = polite.peer.remoteDescription;
    await polite.link.takeDescription({ type: "offer", sdp: "v=0\r\nold" }, 0);
    await polite.link.takeCandidate({ candidate: "candidate:old" }, 0);
    expect(polite.peer.remoteDescription).toBe(agreed);
    expect(polite.peer.candidates).toEqual([]);
  });

  test("an answer that comes twice is used once", async () => {
    await connect();
    await impolite.link.takeDescription(polite.sent[0]!, 0);
    expect(console.warn).not.toHaveBeenCalled();
  });

  test("candidates go across", async () => {
    await connect();
    impolite.candidate({ candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" });
    await talk();
    expect(polite.peer.candidates).toEqual([
      { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" },
    ]);
  });
});

describe("two sides that want to negotiate at once", () => {
  test("never cross: the polite side asks, the impolite side offers, nothing is rolled back", async () => {
    await connect();
    for (let round = 0; round < 5; round += 1) {
      polite.link.restartIce();
      impolite.link.restartIce();
      await talk();
    }
    expect(polite.sent.filter((one) => one?.type === "offer")).toEqual([]);
    expect(polite.peer.rollbacks + impolite.peer.rollbacks).toBe(0);
    expect([polite.peer.signalingState, impolite.peer.signalingState]).toEqual(["stable", "stable"]);
    expect(counts()).toEqual([1, 1]);
  });

  test("a need on the polite side alone becomes an offer of the impolite side", async () => {
    await connect();
    polite.peer.restartIce();
    await talk();
    expect(impolite.peer.restarts).toBe(1);
    expect(impolite.sent.map((one) => one?.type)).toEqual(["offer", "offer"]);
  });
});

describe("recovery", () => {
  test("failed: the impolite side restarts at once, the polite side only if that does not come", async () => {
    await connect();
    polite.peer.become("failed");
    impolite.peer.become("failed");
    await clock.pass(0);
    expect(impolite.peer.restarts).toBe(1);
    expect(polite.sent).toHaveLength(1);
    expect(polite.statuses.at(-1)).toBe("reconnecting");
    await talk();
    expect([polite.link.status, impolite.link.status]).toEqual(["connected", "connected"]);
    expect(counts()).toEqual([1, 1]);
  });

  test("disconnected: left alone for four seconds, then restarted", async () => {
    await connect();
    impolite.peer.become("disconnected");
    await clock.pass(DISCONNECTED_MS - 1);
    expect(impolite.peer.restarts).toBe(0);
    await clock.pass(1);
    expect(impolite.peer.restarts).toBe(1);
  });

  test("disconnected for a moment costs nothing", async () => {
    await connect();
    impolite.peer.become("disconnected");
    await clock.pass(2000);
    impolite.peer.become("connected");
    await clock.pass(60_000);
    expect(impolite.peer.restarts).toBe(0);
    expect(impolite.statuses).toEqual(["connected", "reconnecting", "connected"]);
  });

  test("a restart that does not help is followed by a new connection", async () => {
    await connect();
    impolite.isCut = true;
    impolite.peer.become("failed");
    await clock.pass(RESTART_MS);
    impolite.isCut = false;
    expect(counts()).toEqual([1, 2]);
    await clock.pass(FIRST_CONNECT_MS * 1.5);
    await talk();
    expect([polite.link.status, impolite.link.status]).toEqual(["connected", "connected"]);
  });

  test("while nothing can be sent the connection is left to come back by itself", async () => {
    await connect();
    impolite.canSignal = false;
    impolite.peer.become("failed");
    await clock.pass(120_000);
    expect(impolite.peer.restarts).toBe(0);
    expect(counts()).toEqual([1, 1]);
    impolite.canSignal = true;
    impolite.link.signallingBack();
    await talk();
    expect(impolite.link.status).toBe("connected");
  });

  test("a network that changed restarts a link that seems well, once it can be told", async () => {
    await connect();
    impolite.canSignal = false;
    impolite.link.networkChanged();
    expect(impolite.peer.restarts).toBe(0);
    impolite.canSignal = true;
    impolite.link.signallingBack();
    expect(impolite.peer.restarts).toBe(1);
    await talk();
    await clock.pass(RESTART_MS);
    expect(counts()).toEqual([1, 1]);
  });

  test("after three new connections it is said to have failed, and tried on", async () => {
    await connect();
    impolite.isCut = true;
    impolite.peer.become("failed");
    await clock.pass(RESTART_MS + 3 * 30_000);
    expect(impolite.statuses.at(-1)).toBe("failed");
    impolite.isCut = false;
    await clock.pass(31_000);
    await talk();
    expect(impolite.statuses.at(-1)).toBe("connected");
  });

  test("a closed link does nothing any more", async () => {
    await connect();
    const [kept] = impolite.peers;
    impolite.link.close();
    kept!.become("failed");
    await clock.pass(120_000);
    expect(counts()).toEqual([1, 1]);
  });
});
