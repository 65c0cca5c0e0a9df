import type { Clock } from "./clock";

/** How a link to another member is, as a person would say it. */
export type LinkStatus = "connecting" | "connected" | "reconnecting" | "failed";

export interface RecoveryOptions {
  readonly clock: Clock;
  /** The polite side waits longer, so that the two sides do not repair at the same moment. */
  readonly polite: boolean;
  /** Whether offers can be sent; while they cannot, the connection is left alone, for it may come back by itself. */
  canSignal(): boolean;
  /** New candidates for the same connection (an ICE restart, RFC 8445, 2.4). */
  restart(): void;
  /** A new connection in place of this one. */
  replace(): void;
  onStatus(status: LinkStatus): void;
}

export const FIRST_CONNECT_MS = 15_000;
export const DISCONNECTED_MS = 4_000;
export const RESTART_MS = 10_000;
export const POLITE_EXTRA_MS = 3_000;
const RETRY_MS = 1_000;
const LONGEST_MS = 30_000;
const FAILED_AFTER = 3;

/**
 * When to restart and when to replace a connection: a restart on `failed` and after four seconds of `disconnected`,
 * a new connection when a restart does not help, then again and again with growing pauses. A link given up on is still
 * tried twice a minute: the village's link comes back some time.
 */
export class Recovery {
  private status: LinkStatus = "connecting";
  private replaced = 0;
  private networkMoved = false;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: RecoveryOptions) {}

  /** A connection was made and its first offer is on the way. */
  begin(): void {
    if (this.status === "connected") {
      this.tell("reconnecting"); // the other side began anew
    }
    this.arm(Math.min(FIRST_CONNECT_MS * (1 + this.replaced / 2), LONGEST_MS), () => this.replace());
  }

  /** The connection's own word (RTCPeerConnectionState). */
  changed(state: RTCPeerConnectionState): void {
    if (state === "connected") {
      this.cancel();
      this.replaced = 0;
      this.tell("connected");
    } else if (state === "disconnected" && this.status === "connected") {
      this.tell("reconnecting");
      this.arm(DISCONNECTED_MS, () => this.restart());
    } else if (state === "failed") {
      this.tell(this.status === "failed" ? "failed" : "reconnecting");
      this.arm(0, () => this.restart());
    }
  }

  /** Offer and answer agree (again); a link that got well by itself meanwhile has no other word to say so. */
  agreed(state: RTCPeerConnectionState): void {
    if (state === "connected" && this.status !== "connected") {
      this.changed(state);
    }
  }

  /** The device's network came back or is another one: the addresses in use may be dead without anyone having noticed. */
  networkChanged(): void {
    this.networkMoved = true;
    if (this.options.canSignal()) {
      this.signallingBack();
    }
  }

  /** Offers can be sent again. */
  signallingBack(): void {
    if (this.networkMoved || this.status !== "connected") {
      this.networkMoved = false;
      this.restart();
    }
  }

  stop(): void {
    this.cancel();
  }

  private restart(): void {
    if (!this.options.canSignal()) {
      this.arm(RETRY_MS, () => this.restart());
      return;
    }
    this.options.restart();
    // A connection that is well after all, or gets well, ends this watch by saying so or by being asked.
    this.arm(RESTART_MS, () => {
      if (this.status !== "connected") {
        this.replace();
      }
    });
  }

  private replace(): void {
    if (!this.options.canSignal()) {
      this.arm(RETRY_MS, () => this.replace());
      return;
    }
    this.replaced += 1;
    if (this.replaced >= FAILED_AFTER) {
      this.tell("failed");
    }
    this.options.replace();
  }

  private arm(delay: number, run: () => void): void {
    this.cancel();
    this.cancel = this.options.clock.after(delay + (this.options.polite ? POLITE_EXTRA_MS : 0), run);
  }

  private tell(status: LinkStatus): void {
    if (status !== this.status) {
      this.status = status;
      this.options.onStatus(status);
    }
  }
}
