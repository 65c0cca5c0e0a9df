import type { Clock } from "./clock";
import { Listeners } from "./listeners";
import { Negotiation } from "./negotiation";
import { Recovery, type LinkStatus } from "./recovery";
import { withVoice } from "./sdp";
import { limitSending, replaceTracks, transceiverOf, type Sending, type Tracks } from "./sending";
import type { Candidate, Description, MediaLimits } from "./signals";
import { isSameVoice, takeVoice, type VoiceForm } from "./voice";

export const CHANNEL_ID = 1;
export const STILLS_ID = 2;
const CHANNEL = "awareness";
const CHANNEL_BUFFER_BYTES = 16_384;

export interface PeerLinkOptions {
  readonly polite: boolean;
  readonly clock: Clock;
  readonly limits: MediaLimits;
  readonly sending: Sending;
  /** Ours, as they are now. */
  tracks(): Tracks;
  /** Whether the other side's picture is wanted. */
  wantsPicture(): boolean;
  createConnection(): RTCPeerConnection;
  createStream(tracks: MediaStreamTrack[]): MediaStream;
  canSignal(): boolean;
  sendDescription(description: Description | null, attempt: number): Promise<unknown>;
  sendCandidate(candidate: Candidate | null, attempt: number): Promise<unknown>;
}

interface PeerLinkEvents {
  status: LinkStatus;
  stream: MediaStream;
  channel: boolean;
  message: string;
  still: string | ArrayBuffer;
}

/**
 * The connection to one other member: one RTCPeerConnection with a voice, a picture and a channel for awareness, kept
 * alive through network changes and failures. The impolite side makes the first offer. `attempt` counts the
 * connections: a message of an older one is dropped, one of a newer one replaces the connection.
 */
export class PeerLink {
  stream: MediaStream | null = null;
  status: LinkStatus = "connecting";
  attempt = 0;

  private connection: RTCPeerConnection | null = null;
  private negotiation: Negotiation | null = null;
  private channel: RTCDataChannel | null = null;
  private stills: RTCDataChannel | null = null;
  private initiated = false;
  private closed = false;
  private limits: MediaLimits;
  private sending: Sending;
  private outgoing: MediaStream | null = null;
  private work: Promise<unknown> = Promise.resolve();
  private readonly recovery: Recovery;
  private readonly listeners = new Listeners<PeerLinkEvents>();

  constructor(private readonly options: PeerLinkOptions) {
    this.limits = options.limits;
    this.sending = options.sending;
    this.recovery = new Recovery({
      clock: options.clock,
      polite: options.polite,
      canSignal: () => options.canSignal(),
      restart: () => this.restartIce(),
      replace: () => this.connect(this.attempt + 1, true),
      onStatus: (status) => {
        this.status = status;
        this.listeners.emit("status", status);
      },
    });
  }

  on<Name extends keyof PeerLinkEvents>(name: Name, handler: (value: PeerLinkEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  /** Starts: the impolite side offers, the polite side waits for that. */
  begin(): void {
    if (this.options.polite) {
      this.recovery.begin();
    } else {
      this.connect(0, true);
    }
  }

  close(): void {
    this.closed = true;
    this.recovery.stop();
    this.drop();
  }

  /** An offer or an answer; null: the other side wants an offer. */
  takeDescription(description: Description | null, attempt: number): Promise<void> {
    return this.inTurn(async () => {
      const isOffer = description?.type === "offer";
      if (!this.fits(isOffer, attempt)) {
        return;
      }
      // Two first offers crossed: no connection is worth keeping yet, so ours goes and theirs is answered.
      const bothFirst = this.initiated && this.options.polite && this.connection?.remoteDescription === null;
      if (this.connection === null || attempt > this.attempt || (isOffer && bothFirst)) {
        this.connect(attempt, false);
      }
      const taken = description && { type: description.type, sdp: withVoice(description.sdp, this.voice) };
      await this.negotiation?.takeDescription(taken);
    });
  }

  takeCandidate(candidate: Candidate | null, attempt: number): Promise<void> {
    return this.inTurn(async () => {
      if (this.connection !== null && attempt === this.attempt) {
        await this.negotiation?.takeCandidate(candidate);
      }
    });
  }

  /** Sends what `tracks()` now gives; needs no negotiation. */
  tracksChanged(): Promise<void> {
    return replaceTracks(this.connection, this.options.tracks());
  }

  /** Asks for the other side's picture, or tells it not to send any. */
  pictureWantedChanged(): void {
    const video = transceiverOf(this.connection, "video");
    if (video) {
      video.direction = this.direction("video");
    }
  }

  setLimits(limits: MediaLimits, sending: Sending): void {
    const before = this.voice;
    this.limits = limits;
    this.sending = sending;
    void limitSending(this.connection, this.limits, this.sending);
    if (!isSameVoice(before, this.voice)) {
      void this.inTurn(async () => {
        if (this.connection !== null && this.negotiation?.isSettled === true) {
          await takeVoice(this.connection, this.voice);
        }
      });
    }
  }

  /** Whether `send` would reach the other side. */
  get channelOpen(): boolean {
    return this.channel?.readyState === "open";
  }

  /** Over the data channel, unordered and at most once; dropped when the link cannot keep up. */
  send(text: string): void {
    if (this.channel?.readyState === "open" && this.channel.bufferedAmount < CHANNEL_BUFFER_BYTES) {
      this.channel.send(text);
    }
  }

  /** One piece of a still, in order; false when it cannot be taken now. */
  sendStill(piece: string | ArrayBuffer): boolean {
    const { stills } = this;
    if (stills?.readyState !== "open" || stills.bufferedAmount > CHANNEL_BUFFER_BYTES) {
      return false;
    }
    if (typeof piece === "string") {
      stills.send(piece);
    } else {
      stills.send(piece);
    }
    return true;
  }

  /** How loud the other side is now, 0 to 1 (RTCRtpContributingSource.audioLevel). */
  level(): number {
    const source = transceiverOf(this.connection, "audio")?.receiver.getSynchronizationSources()[0];
    const fresh = source !== undefined && performance.now() + performance.timeOrigin - source.timestamp < 1000;
    return fresh ? (source.audioLevel ?? 0) : 0;
  }

  getStats(): Promise<RTCStatsReport | null> {
    return this.connection?.getStats() ?? Promise.resolve(null);
  }

  networkChanged(): void {
    this.recovery.networkChanged();
  }

  signallingBack(): void {
    this.recovery.signallingBack();
  }

  /** New addresses for the same connection; the media that flows goes on until they are found. */
  restartIce(): void {
    if (this.connection === null || this.connection.signalingState === "closed") {
      this.connect(this.attempt + 1, true);
    } else {
      this.negotiation?.restart();
    }
  }

  private get voice(): VoiceForm {
    return { ...this.sending.voice, bitrate: Math.min(this.sending.voice.bitrate, this.limits.audio_bps) };
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.work.then(async () => {
      if (!this.closed) {
        await task();
      }
    });
    this.work = turn.catch((error: unknown) => {
      // Not fatal: what the other side sent cannot be used, and the recovery makes a new connection.
      console.warn("call: a message of the other side could not be used", error);
    });
    return this.work.then(() => undefined);
  }

  private fits(isOffer: boolean, attempt: number): boolean {
    const isNew = this.connection === null || attempt > this.attempt;
    return attempt >= this.attempt && (isOffer || !isNew);
  }

  private connect(attempt: number, initiate: boolean): void {
    this.drop();
    const connection = this.options.createConnection();
    this.connection = connection;
    this.attempt = attempt;
    this.initiated = initiate;
    this.negotiation = new Negotiation(connection, {
      polite: this.options.polite,
      describe: (description) => this.describe(description, attempt),
      candidate: (candidate) => void this.options.sendCandidate(candidate, attempt).catch(() => undefined),
      onOffer: () => this.adopt(connection),
      onStable: () => {
        if (connection === this.connection) {
          this.recovery.agreed(connection.connectionState);
        }
        void limitSending(this.connection, this.limits, this.sending);
      },
    });
    connection.addEventListener("connectionstatechange", () => {
      if (connection === this.connection) {
        this.recovery.changed(connection.connectionState);
      }
    });
    connection.addEventListener("track", () => this.received(connection));
    if (initiate) {
      this.offerTransceivers(connection);
      this.openChannel(connection);
    }
    this.recovery.begin();
  }

  private drop(): void {
    this.negotiation?.end();
    this.connection?.close();
    this.channel = null;
    this.stills = null;
    this.connection = null;
    this.negotiation = null;
    this.listeners.emit("channel", false);
  }

  private describe(description: Description | null, attempt: number): void {
    // A lost offer or answer shows as a connection that does not get ready, which the recovery watches.
    void this.options.sendDescription(description, attempt).catch(() => undefined);
  }

  private offerTransceivers(connection: RTCPeerConnection): void {
    const tracks = this.options.tracks();
    const streams = [this.outgoingStream()];
    for (const kind of ["audio", "video"] as const) {
      connection.addTransceiver(tracks[kind] ?? kind, { direction: this.direction(kind), streams });
    }
  }

  /** The first offer brought the transceivers: answer with our tracks on them. */
  private async adopt(connection: RTCPeerConnection): Promise<void> {
    if (this.initiated || this.channel !== null) {
      return;
    }
    const tracks = this.options.tracks();
    for (const transceiver of connection.getTransceivers()) {
      const kind = transceiver.receiver.track.kind === "audio" ? "audio" : "video";
      transceiver.direction = this.direction(kind);
      transceiver.sender.setStreams(this.outgoingStream());
      await transceiver.sender.replaceTrack(tracks[kind]);
    }
    this.openChannel(connection);
  }

  private direction(kind: "audio" | "video"): RTCRtpTransceiverDirection {
    return kind === "audio" || this.options.wantsPicture() ? "sendrecv" : "inactive";
  }

  /** Voice and picture carry the same stream's name, so that the other side keeps lips and voice together. */
  private outgoingStream(): MediaStream {
    this.outgoing ??= this.options.createStream([]);
    return this.outgoing;
  }

  private openChannel(connection: RTCPeerConnection): void {
    const channel = connection.createDataChannel(CHANNEL, {
      negotiated: true,
      id: CHANNEL_ID,
      ordered: false,
      maxRetransmits: 0,
    });
    this.channel = channel;
    this.openStills(connection);
    channel.addEventListener("open", () => this.listeners.emit("channel", true));
    channel.addEventListener("close", () => this.listeners.emit("channel", false));
    channel.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (channel === this.channel && typeof event.data === "string") {
        this.listeners.emit("message", event.data);
      }
    });
  }

  private openStills(connection: RTCPeerConnection): void {
    const stills = connection.createDataChannel("stills", { negotiated: true, id: STILLS_ID });
    stills.binaryType = "arraybuffer";
    this.stills = stills;
    stills.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (stills === this.stills && (typeof data === "string" || data instanceof ArrayBuffer)) {
        this.listeners.emit("still", data);
      }
    });
  }

  private received(connection: RTCPeerConnection): void {
    const tracks = connection.getTransceivers().map(({ receiver }) => receiver.track);
    const known = this.stream?.getTracks() ?? [];
    if (connection === this.connection && tracks.some((track) => !known.includes(track))) {
      this.stream = this.options.createStream(tracks);
      this.listeners.emit("stream", this.stream);
    }
  }
}
