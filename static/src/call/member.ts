import type { Clock } from "./clock";
import { climb, pictureOn, startLadder, type Ladder, type Rung } from "./ladder";
import type { Path } from "./path";
import type { PeerLink } from "./peer_link";
import type { PictureSettings } from "./sending";
import type { CallMember, Camera, Media, MediaLimits } from "./signals";
import { isWeak, readStats, type LinkSample, type Totals } from "./stats";

export type MemberConnection = "connecting" | "connected" | "weak" | "reconnecting" | "failed";

/** What a page shows of one other member. */
export interface MemberView {
  readonly participantId: string;
  readonly connection: MemberConnection;
  /** Whether they send it; `pictureMoving` is false while nothing of it arrives. */
  readonly audio: boolean;
  readonly video: boolean;
  readonly pictureMoving: boolean;
  readonly camera: Camera | null;
  /** How loud they are, 0 to 1. */
  readonly level: number;
  readonly stream: MediaStream | null;
  /** Milliseconds when their link was lost; null while it is there. */
  readonly goneSince: number | null;
  /** Our picture to them is held back for the voice's sake. */
  readonly paused: boolean;
  readonly rung: Rung;
  readonly way: "direct" | "relay";
  readonly sample: LinkSample | null;
}

export interface MemberOptions {
  readonly clock: Clock;
  readonly path: Path;
  readonly member: CallMember;
  /** The counters of what they are sent through the relay; null while they are sent it directly. */
  sentByRelay(): Promise<Record<string, unknown>[]> | null;
  /** What our picture to them may cost has changed, while it goes through the relay. */
  onPicture(picture: PictureSettings): void;
  /** Something that a page shows has changed. */
  onChange(): void;
  onMessage(text: string): void;
}

const PAUSES_BEFORE_WEAK = 2;

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
  private level = 0;
  private goneSince: number | null = null;
  private held = false;

  constructor(private readonly options: MemberOptions) {
    const { member, path } = options;
    this.participantId = member.participant_id;
    this.sessionId = member.session_id;
    this.path = path;
    this.media = { audio: member.audio, video: member.video, camera: member.camera ?? null };
    this.ladder = startLadder(options.clock.now());
    path.on("status", (status) => {
      this.goneSince = status === "connected" || status === "connecting" ? null : (this.goneSince ?? options.clock.now());
      options.onChange();
    });
    path.on("stream", () => options.onChange());
    this.link.on("channel", () => options.onChange());
    this.link.on("message", (text) => options.onMessage(text));
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

  get picture(): PictureSettings {
    return pictureOn(this.ladder.rung);
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
    this.moveOnLadder(sample, limits);
    this.options.onChange();
  }

  view(): MemberView {
    const { status } = this.path;
    const isPaused = status === "connected" && !this.picture.active;
    const isWeakNow = this.weakLooks >= PAUSES_BEFORE_WEAK || isPaused || this.held;
    return {
      participantId: this.participantId,
      connection: status === "connected" && isWeakNow ? "weak" : status,
      ...this.media,
      pictureMoving: this.stillLooks < PAUSES_BEFORE_WEAK,
      level: this.level,
      stream: this.path.stream,
      goneSince: this.goneSince,
      paused: isPaused,
      rung: this.ladder.rung,
      way: this.path.way,
      sample: this.sample,
    };
  }

  private moveOnLadder(sample: LinkSample, limits: MediaLimits): void {
    const { at, lossOut, roundTrip, available } = sample;
    const before = this.ladder.rung;
    this.ladder = climb(this.ladder, { at, loss: lossOut, roundTrip, available });
    if (this.ladder.rung !== before) {
      this.link.setLimits(limits, this.picture);
      this.options.onPicture(this.picture);
    }
  }
}
