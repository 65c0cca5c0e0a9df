import type { Clock } from "./clock";
import type { MemberView } from "./member";
import type { Path } from "./path";
import { RelayLink } from "./relay_link";
import { WHOLE_SENDING, type Sending, type Tracks } from "./sending";
import type { CallConnection, MediaAnswered, MediaLimits, MediaRefused, MediaTrack, Route } from "./signals";

/** How long we send both ways when the way changes: the others take this long at most to hear us on the new one. */
export const OVERLAP_MS = 5_000;
const NO_TRACKS: Tracks = { audio: null, video: null };

export interface RelayingOptions {
  readonly connection: CallConnection;
  readonly clock: Clock;
  session(): string;
  iceServers(): readonly RTCIceServer[];
  tracks(): Tracks;
  wantsPicture(): boolean;
  limits(): MediaLimits;
  readonly createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createStream: (tracks: MediaStreamTrack[]) => MediaStream;
  /** What the direct links may send has changed. */
  onDirectTracks(): void;
  /** The call travels another way: what the former relay said counts no more. */
  onRoute(): void;
}

/** Our media through the relay, while the call's route says so: one connection out, and one in for each other member. */
export class Relaying {
  route: Route = { kind: "direct", id: "" };

  private publishing: RelayLink | null = null;
  private sending: Sending = WHOLE_SENDING;
  private readonly receiving = new Map<string, RelayLink>();
  private readonly paths = new Map<string, Path>();
  private isDirectSilent = false;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: RelayingOptions) {}

  get isRelayed(): boolean {
    return this.publishing !== null;
  }

  /** What a direct link sends: nothing once everyone hears us through the relay. */
  get directTracks(): Tracks {
    return this.isDirectSilent ? NO_TRACKS : this.options.tracks();
  }

  /** What the relay says to us; returns what takes the handlers off again. */
  hear(): (() => void)[] {
    const { connection } = this.options;
    return [
      connection.on("media_answered", (fact) => this.answered(fact)),
      connection.on("media_refused", (fact) => this.refused(fact)),
      connection.on("small_picture_wanted", ({ wanted }) => this.publishing?.setSmallWanted(wanted)),
    ];
  }

  /** The call travels this way from now on. */
  changed(route: Route): void {
    if (route.id === this.route.id) {
      return;
    }
    this.route = route;
    this.options.onRoute();
    this.cancel();
    if (route.kind === "relay") {
      this.begin();
    } else {
      this.end();
    }
  }

  add(participantId: string, path: Path): void {
    this.paths.set(participantId, path);
    if (this.route.kind === "relay") {
      this.receive(participantId, path);
    }
  }

  remove(participantId: string): void {
    this.paths.delete(participantId);
    this.receiving.get(participantId)?.close();
    this.receiving.delete(participantId);
  }

  answered({ route, purpose, publisher, attempt, sdp }: MediaAnswered): void {
    if (route === this.route.id) {
      void this.find(purpose, publisher)?.answered(sdp, attempt);
    }
  }

  refused({ route, purpose, publisher, attempt }: MediaRefused): void {
    if (route === this.route.id) {
      this.find(purpose, publisher)?.refused(attempt);
    }
  }

  tracksChanged(): void {
    void this.publishing?.tracksChanged();
  }

  /** The ladder's word for our one voice and picture to everyone. */
  setSending(sending: Sending): void {
    this.sending = sending;
    this.publishing?.limitsChanged();
  }

  limitsChanged(): void {
    this.publishing?.limitsChanged();
  }

  /** The counters of what we send. */
  async sent(): Promise<Record<string, unknown>[]> {
    return (await this.publishing?.stats()) ?? [];
  }

  networkChanged(): void {
    this.publishing?.networkChanged();
    this.receiving.forEach((link) => link.networkChanged());
  }

  /** Tells a relay that does not see it by itself how everyone arrives here. */
  tellReception(views: readonly MemberView[]): void {
    const links = views.flatMap(({ participantId: publisher, way, sample }) =>
      way === "relay" && sample !== null
        ? [{ publisher, loss: sample.lossIn, round_trip: Math.round(sample.roundTrip ?? 0), picture: Math.round(sample.pictureIn) }]
        : [],
    );
    if (this.route.kind === "relay" && this.route.receive === "answer" && links.length > 0) {
      void this.options.connection.request("tell_reception", { route: this.route.id, links }).catch(() => undefined);
    }
  }

  /** Asks the relay to hold everyone's picture back, or to send it again. */
  pictureWantedChanged(): void {
    this.receiving.forEach((_, publisher) => this.holdPicture(publisher));
  }

  close(): void {
    this.cancel();
    this.drop();
    this.paths.clear();
    this.isDirectSilent = false;
    this.route = { kind: "direct", id: "" };
  }

  private begin(): void {
    this.silenceDirect(false); // where another relay is gone, the direct links carry until this one does
    this.drop();
    this.publishing = this.link("publish", null);
    this.publishing.on("status", (status) => {
      if (status === "connected" && !this.isDirectSilent) {
        this.cancel();
        this.cancel = this.options.clock.after(OVERLAP_MS, () => this.silenceDirect(true));
      }
    });
    this.publishing.open();
    this.paths.forEach((path, participantId) => this.receive(participantId, path));
  }

  private end(): void {
    this.silenceDirect(false);
    this.paths.forEach((path, participantId) => {
      path.directly(() => {
        this.receiving.get(participantId)?.close();
        this.receiving.delete(participantId);
      });
    });
    this.cancel = this.options.clock.after(OVERLAP_MS, () => {
      this.publishing?.close();
      this.publishing = null;
    });
  }

  private receive(participantId: string, path: Path): void {
    const link = this.link("subscribe", participantId);
    this.receiving.get(participantId)?.close();
    this.receiving.set(participantId, link);
    link.on("status", (status) => {
      if (status === "connected" && !this.options.wantsPicture()) {
        this.holdPicture(participantId);
      }
    });
    path.through(link);
    link.open();
  }

  private holdPicture(publisher: string): void {
    const message = { route: this.route.id, publisher, held: !this.options.wantsPicture() };
    void this.options.connection.request("hold_picture", message).catch(() => undefined);
  }

  private silenceDirect(silent: boolean): void {
    if (silent !== this.isDirectSilent) {
      this.isDirectSilent = silent;
      this.options.onDirectTracks();
    }
  }

  private drop(): void {
    this.publishing?.close();
    this.publishing = null;
    this.receiving.forEach((link) => link.close());
    this.receiving.clear();
  }

  private mine(): { route: string; session_id: string } {
    return { route: this.route.id, session_id: this.options.session() };
  }

  private find(purpose: string, publisher: string | null): RelayLink | null | undefined {
    return purpose === "publish" ? this.publishing : this.receiving.get(publisher ?? "");
  }

  private link(purpose: "publish" | "subscribe", publisher: string | null): RelayLink {
    const { options } = this;
    const named = () => ({ route: this.route.id, session_id: options.session(), purpose, publisher });
    const answers = publisher !== null && this.route.receive === "answer";
    const offersSmall = purpose === "publish" && this.route.receive !== "answer";
    const tracks: MediaTrack[] = offersSmall ? ["voice", "picture", "low"] : ["voice", "picture"];
    return new RelayLink({
      clock: options.clock,
      offersSmall,
      tracks: purpose === "publish" ? () => options.tracks() : null,
      limits: () => options.limits(),
      sending: () => this.sending,
      createConnection: () => options.createConnection({ iceServers: [...options.iceServers()] }),
      createStream: options.createStream,
      answer: answers ? (sdp) => options.connection.request("send_media_answer", { ...this.mine(), publisher, sdp }) : null,
      offer: (sdp, attempt) => options.connection.request("open_media", { ...named(), attempt, tracks, sdp }),
      candidate: (candidate) => options.connection.request("send_media_candidate", { ...named(), candidate }),
    });
  }
}
