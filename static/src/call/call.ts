import { AwarenessChannel } from "./awareness";
import type { CallEvents, CallOptions, CallState, OwnView } from "./call_options";
import type { Capture, Wanted } from "./capture";
import { systemClock, type Clock } from "./clock";
import { LOOK_MS, type Ceiling, type Rung } from "./ladder";
import { Listeners } from "./listeners";
import type { MemberView } from "./member";
import { Members } from "./members";
import { QualityReports } from "./quality";
import { joinProblem, type Problem } from "./problems";
import type { CallConnection, CallMember, Route } from "./signals";

export type { CallEvents, CallOptions, CallState, OwnView } from "./call_options";

const LISTEN_MS = 250;
const REJOIN_MS = 2000;

function newSessionId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One participant's side of a consult's call. Knows no DOM. */
export class Call {
  state: CallState = { kind: "idle" };
  readonly awareness: AwarenessChannel;

  private readonly listeners = new Listeners<CallEvents>();
  private readonly clock: Clock;
  private readonly members: Members;
  private readonly quality: QualityReports;
  private readonly others = new Set<string>();
  private early: (() => void)[] = [];
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
    this.members = this.makeMembers();
    this.quality = new QualityReports({ ...options, clock: this.clock, members: () => this.memberViews });
    this.awareness = new AwarenessChannel({
      connection: options.connection,
      clock: this.clock,
      reached: () => new Set(this.reached().map((member) => member.participantId)),
      sendToReached: (text) => this.reached().forEach((member) => member.link.send(text)),
      audience: () => options.audience?.() ?? this.others,
    });
    this.off = [...this.hear(options.connection), ...this.watchCapture(options.capture)];
    options.network?.addEventListener("online", this.networkBack);
  }

  /** Returns what takes the handler off again. */
  on<Name extends keyof CallEvents>(name: Name, handler: (value: CallEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  get memberViews(): readonly MemberView[] {
    return this.members.views;
  }

  get own(): OwnView {
    const { capture } = this.options;
    return {
      audio: capture.audioOn,
      video: capture.videoOn,
      camera: capture.camera,
      audioOnly: this.audioOnly,
      chosen: this.members.chosen,
      videoTrack: capture.videoTrack,
      level: this.members.views[0]?.sample?.ownLevel ?? 0,
      problem: this.problem,
    };
  }

  /** Asks who is in the call, before joining it; `waiting` tells. */
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
    const session = newSessionId();
    this.sessionId = session;
    this.audioOnly = !wanted.video;
    this.become({ kind: "joining" });
    const [problem] = await this.options.capture.open(wanted);
    this.setProblem(problem ?? null);
    if (!this.isJoining(session)) {
      return; // left while the browser was asking
    }
    try {
      await this.takeSeat();
    } catch (error) {
      if (this.isJoining(session)) {
        this.end({ kind: "failed", reason: joinProblem(error) });
      }
      return;
    }
    if (this.isJoining(session)) {
      this.begin();
    }
  }

  /** Hangs up and lets go of the devices. */
  async leave(): Promise<void> {
    if (this.state.kind === "idle" || this.state.kind === "leaving") {
      return;
    }
    this.end({ kind: "leaving" });
    // Unheard (the link is gone), the server lets us go by itself.
    await this.options.connection.request("leave_call", {}).catch(() => undefined);
    this.become({ kind: "idle" });
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
    this.members.pictureWantedChanged();
    if (on) {
      await this.options.capture.setVideo(false);
    }
    this.tellOwn();
  }

  /** Goes to this rung at once and stays on it or below; null: whatever the link carries. */
  choose(rung: Rung | null): void {
    this.members.choose(rung);
    this.tellOwn();
  }

  /** How far the ladder is climbed by itself: a data saver, or a month that is used up. */
  setCeiling(ceiling: Ceiling): void {
    this.members.setCeiling(ceiling);
    this.tellOwn();
  }

  dismissProblem(): void {
    this.setProblem(null);
  }

  /** Makes every link look for new addresses. */
  restartIce(): void {
    this.members.all.forEach((member) => member.link.restartIce());
  }

  /** Ends everything, without telling the server; the page is going. */
  destroy(): void {
    this.end({ kind: "idle" });
    this.options.network?.removeEventListener("online", this.networkBack);
    this.off.forEach((off) => off());
  }

  private makeMembers(): Members {
    const { options } = this;
    return new Members({
      connection: options.connection,
      me: options.me,
      clock: this.clock,
      session: () => this.sessionId,
      iceServers: () => options.iceServers(),
      tracks: () => ({ audio: options.capture.audioTrack, video: options.capture.sentVideoTrack }),
      wantsPicture: () => !this.audioOnly,
      canSignal: () => this.seated,
      stills: {
        grab: (bytes) => options.grabStill?.(options.capture.videoTrack, bytes) ?? Promise.resolve(null),
        sent: (bytes) => options.meter?.add("images", bytes),
        received: (bytes) => options.meter?.add("images", bytes),
      },
      createConnection: options.createConnection ?? ((configuration) => new RTCPeerConnection(configuration)),
      createStream: options.createStream ?? ((tracks) => new MediaStream(tracks)),
      onChange: () => {
        this.quality.changed();
        this.listeners.emit("members", this.memberViews);
      },
      onMessage: (from, text) => this.awareness.received(from, text),
    });
  }

  private hear(connection: CallConnection): (() => void)[] {
    connection.onConnect(() => this.rejoin());
    const gone = (): void => this.end({ kind: "idle" });
    return [
      connection.on("call_joined", ({ member }) => this.whenSeated(() => this.joined(member))),
      connection.on("call_left", (fact) => this.whenSeated(() => this.left(fact.participant_id, fact.reason))),
      connection.on("description_sent", (fact) => this.whenSeated(() => this.members.described(fact))),
      connection.on("candidate_sent", (fact) => this.whenSeated(() => this.members.candidate(fact))),
      connection.on("media_changed", (fact) => this.members.get(fact.participant_id)?.setMedia(fact)),
      connection.on("route_changed", ({ route }) => this.whenSeated(() => this.rerouted(route))),
      connection.on("picture_held", (fact) => this.members.get(fact.publisher)?.setHeld(fact.held)),
      ...this.members.relaying.hear(),
      connection.on("moved_elsewhere", gone),
      connection.on("removed", gone),
      connection.onStatus(({ status }) => {
        this.seated = this.seated && status === "up";
      }),
    ];
  }

  private watchCapture(capture: Capture): (() => void)[] {
    const changed = (): void => {
      this.members.tracksChanged();
      this.tellMedia();
      this.tellOwn();
    };
    return [capture.on("changed", changed), capture.on("problem", (problem) => this.setProblem(problem))];
  }

  /** What comes before our own join is answered is kept until then. */
  private whenSeated(run: () => void): void {
    if (this.state.kind === "joining" && !this.seated) {
      this.early.push(run);
    } else {
      run();
    }
  }

  private begin(): void {
    this.become({ kind: "in" });
    this.quality.begin();
    this.running = [
      this.clock.every(LOOK_MS, () => void this.look()),
      this.clock.every(LISTEN_MS, () => this.listen()),
    ];
    this.tellMedia();
  }

  private async takeSeat(): Promise<void> {
    const { audioOn: audio, videoOn: video } = this.options.capture;
    const { sessionId } = this;
    const reply = await this.options.connection.request("join_call", { session_id: sessionId, audio, video });
    if (sessionId !== this.sessionId) {
      return;
    }
    this.seated = true;
    this.members.settle(reply);
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
    this.told = "";
    this.tellMedia();
    this.members.all.forEach((member) => member.link.signallingBack());
  }

  private joined(fact: CallMember): void {
    if (fact.participant_id === this.options.me) {
      return;
    }
    this.others.add(fact.participant_id);
    this.tellWaiting();
    if (this.sessionId !== "") {
      this.members.joined(fact);
    }
  }

  private left(participantId: string, reason: string): void {
    this.others.delete(participantId);
    this.tellWaiting();
    this.members.left(participantId, reason);
  }

  private rerouted(route: Route): void {
    if (this.sessionId !== "") {
      this.members.relaying.changed(route);
    }
  }

  private async look(): Promise<void> {
    await this.members.look();
    this.options.meter?.look(this.memberViews, LOOK_MS);
    this.tellOwn();
  }

  private listen(): void {
    const levels = this.members.listen();
    if (levels !== null) {
      this.listeners.emit("levels", levels);
    }
  }

  /** Tells the others what we send, when that has changed. */
  private tellMedia(): void {
    const { audioOn: audio, videoOn: video, camera } = this.options.capture;
    const media = { audio, video, camera: video ? camera : null };
    const said = JSON.stringify(media);
    if (this.seated && said !== this.told) {
      this.told = said;
      void this.options.connection.request("change_media", media).catch(() => (this.told = ""));
    }
  }

  private reached() {
    return this.members.all.filter((member) => member.link.channelOpen);
  }

  private isJoining(session: string): boolean {
    return this.state.kind === "joining" && this.sessionId === session;
  }

  private readonly networkBack = (): void => {
    this.members.networkChanged();
  };

  private setProblem(problem: Problem | null): void {
    this.problem = problem;
    this.tellOwn();
  }

  private end(state: CallState): void {
    this.running.forEach((stop) => stop());
    this.running = [];
    this.quality.end();
    this.cancelRejoin();
    this.seated = false;
    this.sessionId = "";
    this.early = [];
    this.told = "";
    this.members.dropAll();
    this.options.capture.close();
    this.become(state);
  }

  private become(state: CallState): void {
    this.state = state;
    this.listeners.emit("state", state);
    this.tellOwn();
  }

  private tellOwn(): void {
    this.listeners.emit("own", this.own);
  }

  private tellWaiting(): void {
    this.listeners.emit("waiting", [...this.others]);
  }
}
