import { AwarenessChannel } from "./awareness";
import type { Capture, Wanted } from "./capture";
import { systemClock, type Clock } from "./clock";
import { Listeners } from "./listeners";
import { Member, type MemberView } from "./member";
import { PeerLink } from "./peer_link";
import { joinProblem, type Problem } from "./problems";
import type { CallConnection, CallMember, CallMembers, Camera, CandidateSent, DescriptionSent, MediaLimits } from "./signals";

export type CallState =
  | { readonly kind: "idle" | "joining" | "in" | "leaving" }
  | { readonly kind: "failed"; readonly reason: Problem };

/** What a page shows of this side. */
export interface OwnView {
  readonly audio: boolean;
  readonly video: boolean;
  readonly camera: Camera;
  readonly audioOnly: boolean;
  readonly videoTrack: MediaStreamTrack | null;
  readonly level: number;
  /** What is wrong with microphone or camera, until it is put right or put away. */
  readonly problem: Problem | null;
}

export interface CallEvents {
  state: CallState;
  /** Who is in the call, or anything that is shown of them. */
  members: readonly MemberView[];
  /** How loud everyone is; up to four times a second. */
  levels: ReadonlyMap<string, number>;
  own: OwnView;
  /** Who is in the call while we are not. */
  waiting: readonly string[];
}

export interface CallOptions {
  readonly connection: CallConnection;
  /** Our own participant id. */
  readonly me: string;
  /** Read for each new connection, for relay credentials expire. */
  iceServers(): readonly RTCIceServer[];
  readonly capture: Capture;
  /** Everyone else present in the room, in the call or not: whom pointers are meant for. */
  audience?(): Iterable<string>;
  readonly clock?: Clock;
  /** Says `online` when the device's network is back. */
  readonly network?: EventTarget;
  readonly createConnection?: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createStream?: (tracks: MediaStreamTrack[]) => MediaStream;
}

export const LOOK_MS = 2000;
const LISTEN_MS = 250;
const REJOIN_MS = 2000;
/** How long members who were there before a reconnection may take to come back themselves. */
export const CONFIRM_MS = 30_000;
const DEFAULT_LIMITS: readonly MediaLimits[] = [{ audio_bps: 24_000, video_bps: 600_000, frame_rate: 24 }];

function newSessionId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One participant's side of a consult's call. Knows no DOM. */
export class Call {
  state: CallState = { kind: "idle" };
  readonly awareness: AwarenessChannel;

  private readonly listeners = new Listeners<CallEvents>();
  private readonly clock: Clock;
  private readonly members = new Map<string, Member>();
  private readonly others = new Set<string>();
  private early: (() => void)[] = [];
  private limits = DEFAULT_LIMITS;
  private sessionId = "";
  private seated = false;
  private audioOnly = false;
  private problem: Problem | null = null;
  private told = "";
  private running: (() => void)[] = [];
  private cancelRejoin: () => void = () => undefined;
  private readonly off: (() => void)[];

  constructor(private readonly options: CallOptions) {
    this.clock = options.clock ?? systemClock;
    this.awareness = new AwarenessChannel({
      connection: options.connection,
      clock: this.clock,
      reached: () => new Set(this.reached().map((member) => member.participantId)),
      sendToReached: (text) => this.reached().forEach((member) => member.link.send(text)),
      audience: () => options.audience?.() ?? this.others,
    });
    this.off = this.subscribe(options.connection);
    options.network?.addEventListener("online", this.networkBack);
  }

  on<Name extends keyof CallEvents>(name: Name, handler: (value: CallEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  get memberViews(): readonly MemberView[] {
    return [...this.members.values()].map((member) => member.view());
  }

  get own(): OwnView {
    const { capture } = this.options;
    const [first] = this.members.values();
    return {
      audio: capture.audioOn,
      video: capture.videoOn,
      camera: capture.camera,
      audioOnly: this.audioOnly,
      videoTrack: capture.videoTrack,
      level: first?.view().sample?.ownLevel ?? 0,
      problem: this.problem,
    };
  }

  /** Who is in the call, asked before joining it. */
  async watch(): Promise<void> {
    try {
      const { members } = await this.options.connection.request("watch_call", {});
      this.others.clear();
      members.forEach((member) => this.others.add(member.participant_id));
      this.tellWaiting();
    } catch {
      // Not known is not wrong: those who join from now on are told.
    }
  }

  /** Opens the devices and joins. Without a microphone one still listens; `own.problem` says what is missing. */
  async join(wanted: Wanted): Promise<void> {
    if (this.state.kind !== "idle" && this.state.kind !== "failed") {
      return;
    }
    this.sessionId = newSessionId();
    this.audioOnly = !wanted.video;
    this.become({ kind: "joining" });
    const [problem] = await this.options.capture.open(wanted);
    this.setProblem(problem ?? null);
    if (!this.isJoining()) {
      return; // left while the browser was asking
    }
    try {
      await this.takeSeat();
    } catch (error) {
      this.end({ kind: "failed", reason: joinProblem(error) });
      return;
    }
    this.become({ kind: "in" });
    this.running = [
      this.clock.every(LOOK_MS, () => void this.look()),
      this.clock.every(LISTEN_MS, () => this.listen()),
    ];
    this.tellMedia();
  }

  /** Hangs up and lets go of the devices. */
  async leave(): Promise<void> {
    if (this.state.kind === "idle" || this.state.kind === "leaving") {
      return;
    }
    this.become({ kind: "leaving" });
    this.end({ kind: "idle" });
    // Unheard (the link is gone), the server lets us go by itself.
    await this.options.connection.request("leave_call", {}).catch(() => undefined);
  }

  async setAudio(on: boolean): Promise<void> {
    this.setProblem(await this.options.capture.setAudio(on));
  }

  async setVideo(on: boolean): Promise<void> {
    this.setProblem(await this.options.capture.setVideo(on));
    if (on && this.audioOnly) {
      await this.setAudioOnly(false);
    }
  }

  /** Changes between the front and the rear camera. */
  async flip(): Promise<void> {
    this.setProblem(await this.options.capture.flip());
  }

  /** Neither sends a picture nor receives any. */
  async setAudioOnly(on: boolean): Promise<void> {
    this.audioOnly = on;
    this.members.forEach((member) => member.link.pictureWantedChanged());
    if (on) {
      await this.options.capture.setVideo(false);
    }
    this.tellOwn();
  }

  dismissProblem(): void {
    this.setProblem(null);
  }

  /** Makes every link look for new addresses. */
  restartIce(): void {
    this.members.forEach((member) => member.link.restartIce());
  }

  /** Ends everything, without telling the server; the page is going. */
  destroy(): void {
    this.end({ kind: "idle" });
    this.options.network?.removeEventListener("online", this.networkBack);
    this.off.forEach((off) => off());
  }

  private subscribe(connection: CallConnection): (() => void)[] {
    connection.onConnect(() => this.rejoin());
    return [
      connection.on("call_joined", ({ member }) => this.whenSeated(() => this.joined(member))),
      connection.on("call_left", (fact) => this.whenSeated(() => this.left(fact.participant_id, fact.reason))),
      connection.on("description_sent", (fact) => this.whenSeated(() => this.described(fact))),
      connection.on("candidate_sent", (fact) => this.whenSeated(() => this.candidate(fact))),
      connection.on("media_changed", (fact) => this.members.get(fact.participant_id)?.setMedia(fact)),
      connection.on("moved_elsewhere", () => this.end({ kind: "idle" })),
      connection.on("removed", () => this.end({ kind: "idle" })),
      connection.onStatus(({ status }) => {
        this.seated = this.seated && status === "up";
      }),
      this.options.capture.on("changed", () => this.mediaChanged()),
      this.options.capture.on("problem", (problem) => this.setProblem(problem)),
    ];
  }

  /** What comes before our own join is answered is kept until then. */
  private whenSeated(run: () => void): void {
    if (this.state.kind === "joining") {
      this.early.push(run);
    } else {
      run();
    }
  }

  private async takeSeat(): Promise<void> {
    const { audioOn: audio, videoOn: video } = this.options.capture;
    const { connection } = this.options;
    const reply = await connection.request("join_call", { session_id: this.sessionId, audio, video });
    this.seated = true;
    this.limits = reply.limits.length > 0 ? reply.limits : DEFAULT_LIMITS;
    this.settle(reply);
    const early = this.early;
    this.early = [];
    early.forEach((run) => run());
  }

  /** After a reconnection: the same session, so that the others keep their connections to us, and we ours to them. */
  private async rejoin(): Promise<void> {
    this.cancelRejoin();
    if (this.state.kind !== "in") {
      void this.watch();
      return;
    }
    try {
      await this.takeSeat();
    } catch {
      // Must not reject: a call that cannot be joined is no reason to close the page's whole connection.
      this.cancelRejoin = this.clock.after(REJOIN_MS, () => void this.rejoin());
      return;
    }
    this.tellMedia(true);
    this.members.forEach((member) => member.link.signallingBack());
  }

  private settle(reply: CallMembers): void {
    const present = new Map(reply.members.map((member) => [member.participant_id, member]));
    present.forEach((member) => this.joined(member));
    const missing = [...this.members.values()].filter((member) => !present.has(member.participantId));
    // After a restart of the server everyone comes back one by one: their media flows meanwhile.
    missing.forEach((member) => (member.unseated = true));
    if (missing.length > 0) {
      this.clock.after(CONFIRM_MS, () => this.dropUnseated());
    }
  }

  private joined(fact: CallMember): void {
    const id = fact.participant_id;
    if (id === this.options.me) {
      return;
    }
    this.others.add(id);
    this.tellWaiting();
    if (this.sessionId === "" || !this.hasSeat()) {
      return;
    }
    const known = this.members.get(id);
    if (known?.sessionId === fact.session_id) {
      known.unseated = false;
      known.setMedia({ audio: fact.audio, video: fact.video, camera: fact.camera ?? null });
      return;
    }
    this.drop(known);
    this.add(fact);
  }

  private left(participantId: string, reason: string): void {
    this.others.delete(participantId);
    this.tellWaiting();
    const member = this.members.get(participantId);
    if (member && reason === "lost" && member.link.status === "connected") {
      member.unseated = true; // only their line to the server is gone: the voice goes on
      return;
    }
    this.drop(member);
  }

  private add(fact: CallMember): void {
    const to = fact.participant_id;
    const address = (attempt: number) => ({ to, session_id: fact.session_id, attempt });
    const { connection } = this.options;
    const link = new PeerLink({
      polite: this.options.me < to,
      clock: this.clock,
      limits: this.limitsNow(this.members.size + 1),
      picture: { active: true, maxBitrate: Number.MAX_SAFE_INTEGER, frameRate: 24, scaleDownBy: 1 },
      tracks: () => ({ audio: this.options.capture.audioTrack, video: this.options.capture.videoTrack }),
      wantsPicture: () => !this.audioOnly,
      createConnection: () => this.createConnection(),
      createStream: this.options.createStream ?? ((tracks) => new MediaStream(tracks)),
      canSignal: () => this.seated,
      sendDescription: (description, attempt) =>
        connection.request("send_description", { ...address(attempt), description }),
      sendCandidate: (candidate, attempt) => connection.request("send_candidate", { ...address(attempt), candidate }),
    });
    const member: Member = new Member({
      clock: this.clock,
      link,
      member: fact,
      onChange: () => this.memberChanged(member),
      onMessage: (text) => this.awareness.received(to, text),
    });
    this.members.set(to, member);
    this.shareUplink();
    link.begin();
    this.tellMembers();
  }

  private createConnection(): RTCPeerConnection {
    const configuration: RTCConfiguration = { iceServers: [...this.options.iceServers()], bundlePolicy: "max-bundle" };
    const create = this.options.createConnection ?? ((given: RTCConfiguration) => new RTCPeerConnection(given));
    return create(configuration);
  }

  private drop(member: Member | undefined): void {
    if (member && this.members.get(member.participantId) === member) {
      this.members.delete(member.participantId);
      member.link.close();
      this.shareUplink();
      this.tellMembers();
    }
  }

  private dropUnseated(): void {
    for (const member of [...this.members.values()]) {
      if (member.unseated && member.link.status !== "connected") {
        this.drop(member);
      }
    }
  }

  private described(fact: DescriptionSent): void {
    const member = this.members.get(fact.from);
    if (member?.sessionId === fact.session_id) {
      void member.link.takeDescription(fact.description, fact.attempt);
    }
  }

  private candidate(fact: CandidateSent): void {
    const member = this.members.get(fact.from);
    if (member?.sessionId === fact.session_id) {
      void member.link.takeCandidate(fact.candidate, fact.attempt);
    }
  }

  private memberChanged(member: Member): void {
    if (member.unseated && member.link.status !== "connected" && this.seated) {
      this.drop(member);
      return;
    }
    this.tellMembers();
  }

  private limitsNow(others: number): MediaLimits {
    const limits = this.limits[Math.min(Math.max(others, 1), this.limits.length) - 1];
    return limits ?? { audio_bps: 24_000, video_bps: 600_000, frame_rate: 24 };
  }

  /** More members, less for each: the uplink is shared between them. */
  private shareUplink(): void {
    const limits = this.limitsNow(this.members.size);
    this.members.forEach((member) => member.link.setLimits(limits, member.picture));
  }

  private async look(): Promise<void> {
    const limits = this.limitsNow(this.members.size);
    await Promise.all([...this.members.values()].map((member) => member.look(limits)));
    this.tellOwn();
  }

  private listen(): void {
    const changed = [...this.members.values()].filter((member) => member.listen());
    if (changed.length > 0) {
      const levels = [...this.members.values()].map((member) => [member.participantId, member.view().level] as const);
      this.listeners.emit("levels", new Map(levels));
    }
  }

  private mediaChanged(): void {
    this.members.forEach((member) => void member.link.tracksChanged());
    this.tellMedia();
    this.tellOwn();
  }

  /** Tells the others what we send, when that has changed. */
  private tellMedia(again = false): void {
    const { audioOn: audio, videoOn: video, camera } = this.options.capture;
    const media = { audio, video, camera: video ? camera : null };
    const said = JSON.stringify(media);
    if (this.hasSeat() && this.seated && (again || said !== this.told)) {
      this.told = said;
      void this.options.connection.request("change_media", media).catch(() => (this.told = ""));
    }
  }

  private reached(): Member[] {
    return [...this.members.values()].filter((member) => member.link.channelOpen);
  }

  private isJoining(): boolean {
    return this.state.kind === "joining";
  }

  private hasSeat(): boolean {
    return this.state.kind === "in" || this.state.kind === "joining";
  }

  private readonly networkBack = (): void => {
    this.members.forEach((member) => member.link.networkChanged());
  };

  private setProblem(problem: Problem | null): void {
    this.problem = problem;
    this.tellOwn();
  }

  private end(state: CallState): void {
    this.running.forEach((stop) => stop());
    this.running = [];
    this.cancelRejoin();
    this.seated = false;
    this.early = [];
    this.told = "";
    for (const member of [...this.members.values()]) {
      this.drop(member);
    }
    this.options.capture.close();
    this.become(state);
  }

  private become(state: CallState): void {
    this.state = state;
    this.listeners.emit("state", state);
    this.tellOwn();
  }

  private tellMembers(): void {
    this.listeners.emit("members", this.memberViews);
  }

  private tellOwn(): void {
    this.listeners.emit("own", this.own);
  }

  private tellWaiting(): void {
    this.listeners.emit("waiting", [...this.others]);
  }
}
