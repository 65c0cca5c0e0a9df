import type { Clock } from "./clock";
import { Hearing } from "./hearing";
import { choose, climb, queue, setCeiling, startLadder, type Ceiling, type Ladder, type Rung } from "./ladder";
import type { Strain } from "./pace";
import type { Path } from "./path";
import type { PeerLink } from "./peer_link";
import { sendingOn, WHOLE_SENDING, type Sending } from "./sending";
import type { CallMember, Camera, Media, MediaLimits } from "./signals";
import { isWeak, readStats, type LinkSample, type Totals } from "./stats";
import { StillReceiver, StillSender, type Still } from "./stills";
import { isSameVoice } from "./voice";

export type MemberConnection = "connecting" | "connected" | "weak" | "reconnecting" | "failed";

/** What a page shows of one other member. */
export interface MemberView {
  readonly participantId: string;
  readonly connection: MemberConnection;
  /** Whether they send it; `pictureMoving` is false while nothing of it arrives. */
  readonly audio: boolean;
  readonly video: boolean;
  readonly pictureMoving: boolean;
  /** Milliseconds (the call's clock) since when their picture stands still; null while it moves. */
  readonly frozenSince: number | null;
  readonly camera: Camera | null;
  /** How loud they are, 0 to 1. */
  readonly level: number;
  readonly stream: MediaStream | null;
  /** Milliseconds when their link was lost; null while it is there. */
  readonly goneSince: number | null;
  /** Our picture to them is held back for the voice's sake. */
  readonly paused: boolean;
  /** What we send to them on, and what they say that they send on. */
  readonly rung: Rung;
  readonly theirRung: Rung | null;
  /** Their last still, while they send those. */
  readonly still: Still | null;
  /** How the voice is doing there and here. */
  readonly strain: Strain;
  readonly way: "direct" | "relay";
  readonly sample: LinkSample | null;
}

/** What the person wants, and how far the ladder may be climbed by itself. */
export interface Wish {
  readonly chosen: Rung | null;
  readonly ceiling: Ceiling;
}

/** Where stills come from, and who counts what they cost. */
export interface StillSource {
  grab(bytes: number): Promise<Blob | null>;
  sent(bytes: number): void;
  received(bytes: number): void;
}

export interface MemberOptions {
  readonly clock: Clock;
  readonly path: Path;
  readonly member: CallMember;
  /** The counters of what they are sent through the relay; null while they are sent it directly. */
  sentByRelay(): Promise<Record<string, unknown>[]> | null;
  wish(): Wish;
  readonly stills: StillSource;
  /** What is sent has changed, for the relay where that carries it. */
  onSending(sending: Sending): void;
  /** Something that a page shows has changed. */
  onChange(): void;
  onMessage(text: string): void;
}

const LOOKS_BEFORE_WEAK = 3;

/** One other member of the call: their link, what is known of it, and what our picture to them is allowed to cost. */
export class Member {
  readonly participantId: string;
  readonly sessionId: string;
  readonly path: Path;
  /** The server has let them go; they stay for as long as their media still flows. */
  unseated = false;

  private media: Media;
  private ladder: Ladder;
  private totals: Totals | null = null;
  private sample: LinkSample | null = null;
  private weakLooks = 0;
  private stillLooks = 0;
  private movedAt: number | null = null;
  private level = 0;
  private goneSince: number | null = null;
  private held = false;
  private now: Sending = WHOLE_SENDING;
  private still: Still | null = null;
  private readonly hearing: Hearing;
  private readonly stillSender: StillSender;
  private readonly stillReceiver: StillReceiver;

  constructor(private readonly options: MemberOptions) {
    const { member, path } = options;
    this.participantId = member.participant_id;
    this.sessionId = member.session_id;
    this.path = path;
    this.media = { audio: member.audio, video: member.video, camera: member.camera ?? null };
    this.ladder = this.firstLadder();
    this.now = sendingOn(this.ladder.rung, 0, null);
    this.hearing = new Hearing(options.clock, (text) => this.link.send(text));
    this.stillReceiver = new StillReceiver(options.clock, (blob, takenAt) => this.showStill(blob, takenAt));
    this.stillSender = new StillSender({
      clock: options.clock,
      grab: (bytes) => options.stills.grab(bytes),
      send: (piece) => this.link.sendStill(piece),
      available: () => this.sample?.available ?? null,
      sent: (bytes) => options.stills.sent(bytes),
    });
    path.on("status", (status) => {
      this.goneSince = status === "connected" || status === "connecting" ? null : (this.goneSince ?? options.clock.now());
      if (status === "connected") {
        this.hearing.forget();
      }
      options.onChange();
    });
    path.on("stream", () => options.onChange());
    this.link.on("channel", () => options.onChange());
    this.link.on("message", (text) => {
      if (!this.hearing.received(text)) {
        options.onMessage(text);
      }
    });
    this.link.on("still", (piece) => this.stillReceiver.received(piece, this.hearing.roundTrip));
  }

  /** The direct connection, which also carries pointers while the relay carries the media. */
  get link(): PeerLink {
    return this.path.direct;
  }

  /** The relay holds their picture back, for our line carries the voice only. */
  setHeld(held: boolean): void {
    this.held = held;
    this.options.onChange();
  }

  /** What is sent to them. */
  get sending(): Sending {
    return this.now;
  }

  /** The person wants this rung; null: what the link carries. */
  choose(chosen: Rung | null, limits: MediaLimits): void {
    this.take(choose(this.ladder, chosen, this.options.clock.now()), limits);
  }

  setCeiling(ceiling: Ceiling, limits: MediaLimits): void {
    this.take(setCeiling(this.ladder, ceiling), limits);
  }

  close(): void {
    this.stillSender.run(false);
    this.showNoStill();
    this.path.close();
  }

  setMedia(media: Media): void {
    this.media = { audio: media.audio, video: media.video, camera: media.camera };
    this.stillLooks = 0;
    this.options.onChange();
  }

  /** How loud they are now; true when that is worth drawing again. */
  listen(): boolean {
    const before = this.level;
    this.level = this.path.status === "connected" ? this.path.level() : 0;
    return Math.abs(before - this.level) > 0.005;
  }

  /** Reads the link's counters, and moves along the ladder. */
  async look(limits: MediaLimits): Promise<void> {
    if (this.goneSince !== null) {
      const at = this.options.clock.now();
      const gone = Math.max(1, at - this.goneSince);
      this.take(climb(this.ladder, { at, loss: 0, roundTrip: null, available: null, heard: null, gone }), limits);
    }
    const received = await this.path.received();
    const sent = await this.options.sentByRelay();
    if (received.length === 0 || this.path.status !== "connected") {
      this.totals = null;
      return;
    }
    // Sent first: of two candidate pairs the uplink's is the one to know, for it is the narrow one.
    const entries = [...(sent ?? []), ...received];
    const { sample, totals } = readStats(entries, this.options.clock.now(), this.totals);
    const isFirst = this.totals === null;
    this.totals = totals;
    this.sample = sample;
    if (isFirst) {
      return;
    }
    this.weakLooks = isWeak(sample) ? this.weakLooks + 1 : 0;
    this.stillLooks = sample.framesNew === 0 ? this.stillLooks + 1 : 0;
    this.movedAt = this.stillLooks === 0 ? sample.at : this.movedAt;
    this.moveOnLadder(sample, limits);
    this.hearing.tell({ loss: sample.lossIn, concealed: sample.concealed }, this.ladder.rung);
    this.options.onChange();
  }

  view(): MemberView {
    const { status } = this.path;
    const isPaused = status === "connected" && !this.now.picture.active;
    const { theirRung } = this.hearing;
    const isWeakNow = this.weakLooks >= LOOKS_BEFORE_WEAK || isPaused || this.held;
    return {
      participantId: this.participantId,
      connection: status === "connected" && isWeakNow ? "weak" : status,
      ...this.media,
      pictureMoving: this.stillLooks < LOOKS_BEFORE_WEAK,
      frozenSince: this.frozenSince(),
      level: this.level,
      stream: this.path.stream,
      goneSince: this.goneSince,
      paused: isPaused,
      rung: this.ladder.rung,
      theirRung,
      strain: this.strain(),
      still: theirRung === "stills" ? this.still : null,
      way: this.path.way,
      sample: this.sample,
    };
  }

  private strain(): Strain {
    const concealed = Math.max(this.sample?.concealed ?? 0, this.hearing.heard?.concealed ?? 0);
    const broken = this.path.status !== "connected" || !this.now.speaks;
    return { queue: queue(this.ladder), concealed, broken };
  }

  private firstLadder(): Ladder {
    const { chosen, ceiling } = this.options.wish();
    const at = this.options.clock.now();
    const ladder = startLadder(at, ceiling);
    return chosen === null ? ladder : choose(ladder, chosen, at);
  }

  /** A picture that never came has no age. */
  private frozenSince(): number | null {
    const isStill = this.stillLooks >= LOOKS_BEFORE_WEAK || this.goneSince !== null;
    return isStill && this.media.video ? this.movedAt : null;
  }

  private moveOnLadder(sample: LinkSample, limits: MediaLimits): void {
    const { at, lossOut: loss, available } = sample;
    const { heard } = this.hearing;
    const roundTrip = this.hearing.roundTrip ?? sample.roundTrip;
    this.take(climb(this.ladder, { at, loss, roundTrip, available, heard, gone: 0 }), limits);
  }

  private take(ladder: Ladder, limits: MediaLimits): void {
    const { rung: before } = this.ladder;
    this.ladder = ladder;
    const next = sendingOn(ladder.rung, ladder.loss, this.sample?.available ?? null, ladder.drainedFrom !== null);
    this.stillSender.run(ladder.rung === "stills" && this.path.status === "connected");
    const isSame = isSameVoice(this.now.voice, next.voice) && this.now.speaks === next.speaks;
    if (ladder.rung !== before || !isSame) {
      this.now = next;
      this.link.setLimits(limits, next);
      this.options.onSending(next);
      this.options.onChange();
    }
  }

  private showStill(blob: Blob, takenAt: number): void {
    this.options.stills.received(blob.size);
    this.showNoStill();
    this.still = { url: URL.createObjectURL(blob), takenAt };
    this.options.onChange();
  }

  private showNoStill(): void {
    if (this.still !== null) {
      URL.revokeObjectURL(this.still.url);
      this.still = null;
    }
  }
}
