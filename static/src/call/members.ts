import type { Clock } from "./clock";
import type { Ceiling, Rung } from "./ladder";
import { Member, type MemberView, type StillSource, type Wish } from "./member";
import { NoPath } from "./no_path";
import { Path } from "./path";
import { PeerLink } from "./peer_link";
import { Relaying } from "./relaying";
import { WHOLE_SENDING, type Tracks } from "./sending";
import type {
  CallConnection,
  CallMember,
  CallMembers,
  CandidateSent,
  DescriptionSent,
  MediaLimits,
} from "./signals";

/** How long members who were there before a reconnection may take to come back themselves. */
export const CONFIRM_MS = 30_000;
const DEFAULT_LIMITS: MediaLimits = { audio_bps: 24_000, video_bps: 600_000, frame_rate: 24 };

export interface MembersOptions {
  readonly connection: CallConnection;
  /** Our own participant id. */
  readonly me: string;
  readonly clock: Clock;
  /** Our own session in the call. */
  session(): string;
  iceServers(): readonly RTCIceServer[];
  tracks(): Tracks;
  wantsPicture(): boolean;
  /** Whether we have a seat in the call and a line to the server. */
  canSignal(): boolean;
  readonly createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createStream: (tracks: MediaStreamTrack[]) => MediaStream;
  /** Takes pictures for the rung of stills. */
  readonly stills: StillSource;
  onChange(): void;
  onMessage(from: string, text: string): void;
}

/** The other members of a call that we are in, and the links to them. */
export class Members {
  private readonly byId = new Map<string, Member>();
  private limits: readonly MediaLimits[] = [];
  private wish: Wish = { chosen: null, ceiling: { rung: "picture", firm: false } };
  readonly relaying: Relaying;
  private readonly noPath: NoPath;

  constructor(private readonly options: MembersOptions) {
    this.relaying = new Relaying({
      ...options,
      limits: () => this.limitsNow(),
      onDirectTracks: () => this.all.forEach((member) => void member.link.tracksChanged()),
      onRoute: () => this.all.forEach((member) => member.setHeld(false)),
    });
    this.noPath = new NoPath(options.clock, options.connection, () => this.unreached());
  }

  get all(): readonly Member[] {
    return [...this.byId.values()];
  }

  get views(): readonly MemberView[] {
    return this.all.map((member) => member.view());
  }

  get(participantId: string): Member | undefined {
    return this.byId.get(participantId);
  }

  /** The server's answer to our joining, or joining again. */
  settle(reply: CallMembers): void {
    this.limits = reply.limits;
    this.relaying.changed(reply.route);
    const present = new Set(reply.members.map((member) => member.participant_id));
    reply.members.forEach((member) => this.joined(member));
    const missing = this.all.filter((member) => !present.has(member.participantId));
    // After a restart of the server everyone comes back one by one: their media flows meanwhile.
    missing.forEach((member) => (member.unseated = true));
    if (missing.length > 0) {
      this.options.clock.after(CONFIRM_MS, () => this.dropUnseated());
    }
  }

  joined(fact: CallMember): void {
    const known = this.byId.get(fact.participant_id);
    if (known?.sessionId === fact.session_id) {
      known.unseated = false;
      known.setMedia({ audio: fact.audio, video: fact.video, camera: fact.camera ?? null });
      return;
    }
    this.drop(known);
    this.add(fact);
  }

  left(participantId: string, reason: string): void {
    const member = this.byId.get(participantId);
    if (member && reason === "lost" && member.path.status === "connected") {
      member.unseated = true; // only their line to the server is gone: the voice goes on
      return;
    }
    this.drop(member);
  }

  described({ from, session_id: session, description, attempt }: DescriptionSent): void {
    const member = this.byId.get(from);
    if (member?.sessionId === session) {
      void member.link.takeDescription(description, attempt);
    }
  }

  candidate({ from, session_id: session, candidate, attempt }: CandidateSent): void {
    const member = this.byId.get(from);
    if (member?.sessionId === session) {
      void member.link.takeCandidate(candidate, attempt);
    }
  }

  /** Reads every link's counters. */
  async look(): Promise<void> {
    void this.noPath.look();
    const limits = this.limitsNow();
    await Promise.all(this.all.map((member) => member.look(limits)));
    this.relaying.tellReception(this.views);
  }

  /** How loud everyone is; null when nothing changed since the last time. */
  listen(): ReadonlyMap<string, number> | null {
    const changed = this.all.filter((member) => member.listen());
    return changed.length === 0 ? null : new Map(this.all.map((member) => [member.participantId, member.view().level]));
  }

  /** Sends what the devices now give, on whichever way. */
  tracksChanged(): void {
    this.all.forEach((member) => void member.link.tracksChanged());
    this.relaying.tracksChanged();
  }

  /** Asks for everyone's picture, or for voices only. */
  pictureWantedChanged(): void {
    this.all.forEach((member) => member.link.pictureWantedChanged());
    this.relaying.pictureWantedChanged();
  }

  get chosen(): Rung | null {
    return this.wish.chosen;
  }

  /** What the person wants for everyone; null: whatever each link carries. */
  choose(chosen: Rung | null): void {
    this.wish = { ...this.wish, chosen };
    this.all.forEach((member) => member.choose(chosen, this.limitsNow()));
  }

  setCeiling(ceiling: Ceiling): void {
    this.wish = { ...this.wish, ceiling };
    this.all.forEach((member) => member.setCeiling(ceiling, this.limitsNow()));
  }

  networkChanged(): void {
    this.all.forEach((member) => member.link.networkChanged());
    this.relaying.networkChanged();
  }

  dropAll(): void {
    this.all.forEach((member) => this.drop(member));
    this.relaying.close();
  }

  /** Whom no direct path leads to, while there is no other way. */
  private unreached(): string[] {
    if (this.relaying.route.kind === "relay" || !this.options.canSignal()) {
      return [];
    }
    return this.all
      .filter((member) => !member.unseated && member.link.status !== "connected")
      .map((member) => member.participantId);
  }

  private add(fact: CallMember): void {
    const from = fact.participant_id;
    const path = new Path(this.options.clock, this.link(fact));
    const member: Member = new Member({
      clock: this.options.clock,
      path,
      member: fact,
      sentByRelay: () => (this.relaying.isRelayed ? this.relaying.sent() : null),
      wish: () => this.wish,
      stills: this.options.stills,
      onSending: (sending) => this.relaying.setSending(sending),
      onChange: () => this.changed(member),
      onMessage: (text) => this.options.onMessage(from, text),
    });
    this.byId.set(from, member);
    this.shareUplink();
    member.link.begin();
    this.relaying.add(from, path);
    this.options.onChange();
  }

  private link(fact: CallMember): PeerLink {
    const { connection, clock, me } = this.options;
    const to = fact.participant_id;
    const address = (attempt: number) => ({ to, session_id: fact.session_id, attempt });
    return new PeerLink({
      polite: me < to,
      clock,
      limits: this.limitsNow(),
      sending: WHOLE_SENDING,
      tracks: () => this.relaying.directTracks,
      wantsPicture: () => this.options.wantsPicture(),
      createConnection: () =>
        this.options.createConnection({ iceServers: [...this.options.iceServers()], bundlePolicy: "max-bundle" }),
      createStream: this.options.createStream,
      canSignal: () => this.options.canSignal(),
      sendDescription: (description, attempt) =>
        connection.request("send_description", { ...address(attempt), description }),
      sendCandidate: (candidate, attempt) => connection.request("send_candidate", { ...address(attempt), candidate }),
    });
  }

  private drop(member: Member | undefined): void {
    if (member && this.byId.get(member.participantId) === member) {
      this.byId.delete(member.participantId);
      member.close();
      this.relaying.remove(member.participantId);
      this.shareUplink();
      this.options.onChange();
    }
  }

  private dropUnseated(): void {
    this.all
      .filter((member) => member.unseated && member.path.status !== "connected")
      .forEach((member) => this.drop(member));
  }

  private changed(member: Member): void {
    if (member.unseated && member.path.status !== "connected" && this.options.canSignal()) {
      this.drop(member);
    } else {
      this.options.onChange();
    }
  }

  private limitsNow(): MediaLimits {
    const others = Math.max(this.byId.size, 1);
    return this.limits[Math.min(others, this.limits.length) - 1] ?? DEFAULT_LIMITS;
  }

  /** More members, less for each: the uplink is shared between them. */
  private shareUplink(): void {
    const limits = this.limitsNow();
    this.all.forEach((member) => member.link.setLimits(limits, member.sending));
    this.relaying.limitsChanged();
  }
}
