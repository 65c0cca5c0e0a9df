import type { Clock } from "./clock";
import { Listeners } from "./listeners";
import type { LinkStatus } from "./recovery";
import { withVoice } from "./sdp";
import { limitSending, replaceTracks, type Sending, type Tracks } from "./sending";
import type { Candidate, MediaLimits } from "./signals";
import { takeVoice } from "./voice";

export const ANSWER_MS = 8_000;
export const CONNECT_MS = 12_000;
export const LOST_MS = 3_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const FAILED_AFTER = 3;

/** The picture once more for slow lines, while the relay asks for it. */
const SMALL = { maxBitrate: 64_000, maxFramerate: 10 } as const;

export interface RelayLinkOptions {
  readonly clock: Clock;
  /** Whether the picture is offered a second time, small. */
  readonly offersSmall: boolean;
  /** What is sent; null for a link that receives. */
  readonly tracks: (() => Tracks) | null;
  limits(): MediaLimits;
  sending(): Sending;
  createConnection(): RTCPeerConnection;
  createStream(tracks: MediaStreamTrack[]): MediaStream;
  /** Rejects when the relay cannot be asked now; null asks for its offer. */
  offer(sdp: string | null, attempt: number): Promise<unknown>;
  /** Our answer to the relay's offer; null where the offers are ours. */
  readonly answer: ((sdp: string) => Promise<unknown>) | null;
  candidate(candidate: Candidate): Promise<unknown>;
}

interface RelayLinkEvents {
  status: LinkStatus;
  stream: MediaStream;
}

/**
 * One connection to the relay: our own media, or one other member's. The relay never changes a connection that exists,
 * so whatever goes wrong (another network, a lost answer) is repaired by a new one, again and again until `close`.
 */
export class RelayLink {
  status: LinkStatus = "connecting";
  stream: MediaStream | null = null;
  attempt = 0;

  private connection: RTCPeerConnection | null = null;
  private closed = false;
  private failures = 0;
  private smallWanted = false;
  private cancel: () => void = () => undefined;
  private readonly listeners = new Listeners<RelayLinkEvents>();

  constructor(private readonly options: RelayLinkOptions) {}

  on<Name extends keyof RelayLinkEvents>(name: Name, handler: (value: RelayLinkEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  /** Begins, or begins anew. */
  open(): void {
    this.cancel();
    this.connection?.close();
    if (this.closed) {
      return;
    }
    this.attempt += 1;
    this.smallWanted = false;
    const connection = this.options.createConnection();
    this.connection = connection;
    if (this.options.answer === null) {
      this.prepare(connection);
    }
    connection.addEventListener("connectionstatechange", () => this.changed(connection));
    connection.addEventListener("track", () => this.received(connection));
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== "" && connection === this.connection) {
        const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
        const found = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
        void this.options.candidate(found).catch(() => undefined);
      }
    });
    this.cancel = this.options.clock.after(ANSWER_MS, () => this.failed());
    void this.offer(connection, this.attempt);
  }

  /** The relay's answer to our offer number `attempt`, or its own offer. */
  async answered(sdp: string, attempt: number): Promise<void> {
    const { connection, options } = this;
    const awaited = options.answer === null ? "have-local-offer" : "stable";
    if (attempt !== this.attempt || connection?.signalingState !== awaited || connection.remoteDescription !== null) {
      return; // to an offer that was given up
    }
    this.cancel();
    this.cancel = this.options.clock.after(CONNECT_MS, () => this.failed());
    try {
      if (options.answer !== null) {
        await connection.setRemoteDescription({ type: "offer", sdp });
        await connection.setLocalDescription();
        await options.answer(connection.localDescription?.sdp ?? "");
        return;
      }
      await connection.setRemoteDescription({ type: "answer", sdp: withVoice(sdp, this.options.sending().voice) });
      this.limitsChanged();
    } catch (error) {
      console.warn("call: the relay's answer could not be used", error);
      this.failed();
    }
  }

  /** The relay did not take our offer number `attempt`. */
  refused(attempt: number): void {
    if (attempt === this.attempt) {
      this.failed();
    }
  }

  /** The device's network is another one: the connection may be dead without having noticed. */
  networkChanged(): void {
    this.failures = 0;
    this.open();
  }

  async tracksChanged(): Promise<void> {
    const tracks = this.options.tracks?.() ?? null;
    if (tracks !== null) {
      await replaceTracks(this.connection, tracks);
      await this.small?.replaceTrack(tracks.video).catch(() => undefined);
    }
  }

  limitsChanged(): void {
    if (this.options.tracks !== null) {
      void limitSending(this.connection, this.options.limits(), this.options.sending());
      void this.takeVoice();
      this.limitSmall();
    }
  }

  /** The relay has a receiver for the small picture, or has none any more. */
  setSmallWanted(wanted: boolean): void {
    this.smallWanted = wanted;
    this.limitSmall();
  }

  /** How loud the other side is now, 0 to 1. */
  level(): number {
    const receiver = this.connection?.getReceivers().find(({ track }) => track.kind === "audio");
    const source = receiver?.getSynchronizationSources()[0];
    const fresh = source !== undefined && performance.now() + performance.timeOrigin - source.timestamp < 1000;
    return fresh ? (source.audioLevel ?? 0) : 0;
  }

  async stats(): Promise<Record<string, unknown>[]> {
    const report = await this.connection?.getStats();
    return report === undefined ? [] : ([...report.values()] as Record<string, unknown>[]);
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.connection?.close();
    this.connection = null;
  }

  private async takeVoice(): Promise<void> {
    const { connection } = this;
    if (connection !== null) {
      const taken = takeVoice(connection, this.options.sending().voice);
      await taken.catch((error: unknown) => console.warn("call: the voice goes on in its old form", error));
    }
  }

  private prepare(connection: RTCPeerConnection): void {
    const own = this.options.tracks?.() ?? null;
    const streams = own === null ? [] : [this.options.createStream([])];
    for (const kind of ["audio", "video"] as const) {
      const init: RTCRtpTransceiverInit = own === null ? { direction: "recvonly" } : { direction: "sendonly", streams };
      connection.addTransceiver(own?.[kind] ?? kind, init);
    }
    if (own !== null && this.options.offersSmall) {
      const sendEncodings = [{ ...SMALL, active: false, scaleResolutionDownBy: 2 }];
      connection.addTransceiver(own.video ?? "video", { direction: "sendonly", streams, sendEncodings });
    }
  }

  private get small(): RTCRtpSender | undefined {
    const pictures = this.connection?.getTransceivers().filter(({ receiver }) => receiver.track.kind === "video");
    return pictures?.[1]?.sender;
  }

  private limitSmall(): void {
    const parameters = this.options.offersSmall ? this.small?.getParameters() : undefined;
    const [encoding] = parameters?.encodings ?? [];
    if (parameters && encoding) {
      const { active, scaleDownBy } = this.options.sending().picture;
      Object.assign(encoding, SMALL, { active: active && this.smallWanted, scaleResolutionDownBy: 2 * scaleDownBy });
      void this.small?.setParameters(parameters).catch(() => undefined);
    }
  }

  private async offer(connection: RTCPeerConnection, attempt: number): Promise<void> {
    try {
      if (this.options.answer !== null) {
        await this.options.offer(null, attempt);
        return;
      }
      await connection.setLocalDescription();
      if (connection === this.connection && connection.localDescription !== null) {
        await this.options.offer(connection.localDescription.sdp, attempt);
      }
    } catch {
      // No line to the server, or the call travels another way by now: then `close` is on its way.
      this.refused(attempt);
    }
  }

  private changed(connection: RTCPeerConnection): void {
    if (connection !== this.connection) {
      return;
    }
    const { connectionState: state } = connection;
    if (state === "connected") {
      this.cancel();
      this.failures = 0;
      this.tell("connected");
    } else if (state === "disconnected") {
      this.tell("reconnecting");
      this.cancel();
      this.cancel = this.options.clock.after(LOST_MS, () => this.failed());
    } else if (state === "failed" || state === "closed") {
      this.failed();
    }
  }

  private failed(): void {
    if (this.closed) {
      return;
    }
    this.failures += 1;
    if (this.failures >= FAILED_AFTER) {
      this.tell("failed");
    } else if (this.status === "connected") {
      this.tell("reconnecting");
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS);
    this.cancel();
    this.cancel = this.options.clock.after(pause, () => this.open());
  }

  private received(connection: RTCPeerConnection): void {
    if (connection === this.connection) {
      const tracks = connection.getReceivers().map(({ track }) => track);
      this.stream = this.options.createStream(tracks);
      this.listeners.emit("stream", this.stream);
    }
  }

  private tell(status: LinkStatus): void {
    if (status !== this.status) {
      this.status = status;
      this.listeners.emit("status", status);
    }
  }
}
