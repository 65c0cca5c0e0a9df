import type { Clock } from "./clock";
import { Listeners } from "./listeners";
import type { PeerLink } from "./peer_link";
import type { LinkStatus } from "./recovery";
import type { RelayLink } from "./relay_link";

/** A new way that carries nothing this long after it is there belongs to somebody who sends nothing: it is taken. */
export const SILENT_MS = 1_500;
const LOOK_MS = 100;

interface PathEvents {
  status: LinkStatus;
  stream: MediaStream;
}

type Way = "direct" | "relay";

/**
 * The way on which one other member's media comes: the direct link or the relay. A change is made while people talk:
 * the old way is heard until the new one carries.
 */
export class Path {
  way: Way = "direct";

  private wanted: Way = "direct";
  private relayed: RelayLink | null = null;
  private cancel: () => void = () => undefined;
  private offs: (() => void)[] = [];
  private readonly listeners = new Listeners<PathEvents>();

  constructor(
    private readonly clock: Clock,
    readonly direct: PeerLink,
  ) {
    direct.on("status", () => this.told("direct"));
    direct.on("stream", () => this.told("direct"));
  }

  on<Name extends keyof PathEvents>(name: Name, handler: (value: PathEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  get status(): LinkStatus {
    return this.link.status;
  }

  get stream(): MediaStream | null {
    return this.link.stream;
  }

  level(): number {
    return this.link.level();
  }

  /** The counters of what arrives on the way that is heard. */
  async received(): Promise<Record<string, unknown>[]> {
    if (this.way === "relay" && this.relayed !== null) {
      return this.relayed.stats();
    }
    const report = await this.direct.getStats();
    return report === null ? [] : ([...report.values()] as Record<string, unknown>[]);
  }

  /** Hear them through `relayed` as soon as it carries; until then directly, where another relay is gone. */
  through(relayed: RelayLink): void {
    if (this.way === "relay") {
      this.take("direct");
    }
    this.offs.forEach((off) => off());
    this.relayed = relayed;
    this.offs = [relayed.on("status", () => this.told("relay")), relayed.on("stream", () => this.told("relay"))];
    this.want("relay");
  }

  /** Hear them directly as soon as that carries; `done` is called then, when the relayed link is needed no more. */
  directly(done: () => void): void {
    this.want("direct", () => {
      this.offs.forEach((off) => off());
      this.offs = [];
      this.relayed = null;
      done();
    });
  }

  close(): void {
    this.cancel();
    this.offs.forEach((off) => off());
    this.direct.close();
  }

  private get link(): PeerLink | RelayLink {
    return this.way === "relay" && this.relayed !== null ? this.relayed : this.direct;
  }

  private want(way: Way, done: () => void = () => undefined): void {
    this.cancel();
    this.wanted = way;
    if (way === this.way) {
      this.take(way);
      done();
      return;
    }
    let before: number | null = null;
    let connectedAt: number | null = null;
    const look = async (): Promise<void> => {
      const packets = await this.voicePackets(way);
      const now = this.clock.now();
      const candidate = way === "relay" ? this.relayed : this.direct;
      connectedAt = candidate?.status === "connected" ? (connectedAt ?? now) : null;
      const flows = before !== null && packets > before;
      before = packets;
      const isThere = connectedAt !== null && (flows || now - connectedAt >= SILENT_MS);
      if (this.wanted === way && this.way !== way && isThere) {
        this.cancel();
        this.take(way);
        done();
      }
    };
    this.cancel = this.clock.every(LOOK_MS, () => void look());
  }

  private take(way: Way): void {
    this.way = way;
    this.listeners.emit("status", this.status);
    if (this.stream !== null) {
      this.listeners.emit("stream", this.stream);
    }
  }

  private told(way: Way): void {
    if (way === this.way) {
      this.take(way);
    }
  }

  private async voicePackets(way: Way): Promise<number> {
    const entries =
      way === "relay"
        ? ((await this.relayed?.stats()) ?? [])
        : ([...((await this.direct.getStats())?.values() ?? [])] as Record<string, unknown>[]);
    const voice = entries.find((entry) => entry.type === "inbound-rtp" && entry.kind === "audio");
    return typeof voice?.packetsReceived === "number" ? voice.packetsReceived : 0;
  }
}
