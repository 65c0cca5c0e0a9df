// Stand-ins for tests: time, devices, a peer connection without media, and the page's link to the server.
import type { Clock } from "./clock";
import type { Devices } from "./capture";
import type { CallConnection } from "./signals";

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  private time = 1_000_000;
  private timers: { at: number; run: () => void; period: number }[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, run: () => void): () => void {
    return this.add({ at: this.time + delay, run, period: 0 });
  }

  every(period: number, run: () => void): () => void {
    return this.add({ at: this.time + period, run, period });
  }

  /** Moves on, running what falls due in its order, and lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) {
        break;
      }
      this.time = next.at;
      next.at += next.period;
      if (next.period === 0) {
        this.timers = this.timers.filter((timer) => timer !== next);
      }
      next.run();
    }
    this.time = end;
    await settle();
  }

  private add(timer: { at: number; run: () => void; period: number }): () => void {
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((known) => known !== timer);
    };
  }
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.resolve();
  }
}

export class FakeTrack extends EventTarget {
  enabled = true;
  readyState = "live";

  constructor(
    readonly kind: "audio" | "video",
    readonly deviceId = "one",
    readonly facingMode?: string,
  ) {
    super();
  }

  stop(): void {
    this.readyState = "ended";
  }

  getSettings(): MediaTrackSettings {
    return this.facingMode === undefined
      ? { deviceId: this.deviceId }
      : { deviceId: this.deviceId, facingMode: this.facingMode };
  }
}

/** A device's microphone and cameras; `fail` names the error that a request gets. */
export class FakeDevices extends EventTarget {
  asked: MediaStreamConstraints[] = [];
  given: FakeTrack[] = [];
  fail: (asked: MediaStreamConstraints) => string | null = () => null;
  cameras = ["one"];

  getUserMedia(asked: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(asked);
    const error = this.fail(asked);
    if (error !== null) {
      return Promise.reject(new DOMException("", error));
    }
    const device = (asked.video as MediaTrackConstraints | undefined)?.deviceId as { exact?: string } | undefined;
    const audio = asked.audio ? [new FakeTrack("audio")] : [];
    const video = asked.video ? [new FakeTrack("video", device?.exact ?? "one")] : [];
    this.given.push(...audio, ...video);
    const stream = { getAudioTracks: () => audio, getVideoTracks: () => video, getTracks: () => [...audio, ...video] };
    return Promise.resolve(stream as never);
  }

  enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve(this.cameras.map((deviceId) => ({ kind: "videoinput", deviceId }) as MediaDeviceInfo));
  }

  as(): Devices {
    return this as never;
  }
}

interface FakeTransceiver {
  direction: string;
  sender: { track: unknown; replaceTrack(track: unknown): Promise<void>; setStreams(): void; getParameters(): object };
  receiver: { track: FakeTrack; getSynchronizationSources(): unknown[] };
}

/** The offer/answer states of RTCPeerConnection, without media; asks for an offer as a browser does. */
export class FakePeer extends EventTarget {
  signalingState = "stable";
  connectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  restarts = 0;
  rollbacks = 0;
  candidates: unknown[] = [];
  private serial = 0;
  private needed = false;
  private readonly transceivers: FakeTransceiver[] = [];

  addTransceiver(given: FakeTrack | "audio" | "video", init: { direction: string }): void {
    this.transceivers.push(transceiver(typeof given === "string" ? given : given.kind, init.direction));
    this.need();
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  getReceivers(): FakeTransceiver["receiver"][] {
    return this.transceivers.map(({ receiver }) => receiver);
  }

  createDataChannel(): EventTarget {
    return Object.assign(new EventTarget(), { readyState: "connecting" });
  }

  restartIce(): void {
    this.restarts += 1;
    this.need();
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.serial += 1;
    this.localDescription = { type, sdp: `v=0\r\n${type} ${this.serial}` };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    this.needed = type === "offer" ? false : this.needed;
    this.connectIfAgreed();
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    if (description.type === "offer" && this.signalingState === "have-local-offer") {
      this.rollbacks += 1;
    }
    if (description.type === "answer" && this.signalingState !== "have-local-offer") {
      throw new DOMException("", "InvalidStateError");
    }
    if (this.transceivers.length === 0) {
      this.transceivers.push(transceiver("audio", "recvonly"), transceiver("video", "recvonly"));
    }
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    this.connectIfAgreed();
    this.tellNeeded();
  }

  addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate);
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map<string, object>());
  }

  close(): void {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }

  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  private connectIfAgreed(): void {
    if (this.signalingState === "stable" && this.connectionState !== "connected") {
      this.become("connected");
    }
  }

  private need(): void {
    this.needed = true;
    queueMicrotask(() => this.tellNeeded());
  }

  private tellNeeded(): void {
    if (this.needed && this.signalingState === "stable") {
      this.needed = false;
      this.dispatchEvent(new Event("negotiationneeded"));
    }
  }
}

function transceiver(kind: "audio" | "video", direction: string): FakeTransceiver {
  const made: FakeTransceiver = {
    direction,
    sender: {
      track: null,
      replaceTrack: (track) => {
        made.sender.track = track;
        return Promise.resolve();
      },
      setStreams: () => undefined,
      getParameters: () => ({}),
    },
    receiver: { track: new FakeTrack(kind), getSynchronizationSources: () => [] },
  };
  return made;
}

type Handler = (fact: never) => void;

/** A page's connection to a server that the test plays. */
export class FakeConnection {
  state = { status: "up" };
  sent: { name: string; message: Record<string, unknown> }[] = [];
  answer: (name: string, message: Record<string, unknown>) => unknown = () => ({ members: [], limits: [], route: { kind: "direct", id: "one" } });
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly joins: (() => Promise<void>)[] = [];
  private readonly statusHandlers = new Set<(state: { status: string }) => void>();

  request(name: string, message: Record<string, unknown>): Promise<unknown> {
    this.sent.push({ name, message });
    try {
      return Promise.resolve(this.answer(name, message));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  on(name: string, handler: Handler): () => void {
    const known = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, known.add(handler));
    return () => void known.delete(handler);
  }

  onConnect(join: () => Promise<void>): void {
    this.joins.push(join);
  }

  onStatus(handler: (state: { status: string }) => void): () => void {
    this.statusHandlers.add(handler);
    handler(this.state);
    return () => void this.statusHandlers.delete(handler);
  }

  tell(name: string, fact: object): void {
    this.handlers.get(name)?.forEach((handler) => handler(fact as never));
  }

  become(status: string): void {
    this.state = { status };
    this.statusHandlers.forEach((handler) => handler(this.state));
  }

  /** The link went and came back. */
  async reconnect(): Promise<void> {
    this.become("down");
    for (const join of this.joins) {
      await join();
    }
    this.become("up");
  }

  named(name: string): Record<string, unknown>[] {
    return this.sent.filter((one) => one.name === name).map((one) => one.message);
  }

  as(): CallConnection {
    return this as never;
  }
}
