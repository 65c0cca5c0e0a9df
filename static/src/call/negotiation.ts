import type { Candidate, Description } from "./signals";

/** What is used of RTCPeerConnection here. */
export type NegotiatedConnection = Pick<
  RTCPeerConnection,
  | "signalingState"
  | "localDescription"
  | "remoteDescription"
  | "setLocalDescription"
  | "setRemoteDescription"
  | "addIceCandidate"
  | "restartIce"
  | "addEventListener"
>;

export interface NegotiationOptions {
  /** Never offers again once there was an answer: it asks the other side for an offer instead. */
  readonly polite: boolean;
  /** Sends to the other side (null asks it for an offer); failures are the sender's to repair. */
  describe(description: Description | null): void;
  candidate(candidate: Candidate | null): void;
  /** After an offer of the other side is set and before it is answered. */
  readonly onOffer: () => Promise<void> | void;
  /** Offers and answers agree. */
  readonly onStable: () => void;
}

/**
 * Offers and answers of one connection, which either side may need at any moment. Two offers must not cross: the
 * standard's "perfect negotiation" (WebRTC 1.0, 10.7) lets the polite side take its own back, but after such a rollback
 * Chromium (156, 9 of 9 tries) decodes the other side's picture and never shows it again. So, once connected, only
 * the impolite side offers, and the polite side asks it to.
 */
export class Negotiation {
  private makingOffer = false;
  private restarting = false;
  private ended = false;

  constructor(
    private readonly connection: NegotiatedConnection,
    private readonly options: NegotiationOptions,
  ) {
    connection.addEventListener("negotiationneeded", () => void this.needed());
    connection.addEventListener("icecandidate", (event) => {
      if (!this.ended) {
        options.candidate(event.candidate === null ? null : toMessage(event.candidate));
      }
    });
  }

  /** Nothing is sent any more. */
  end(): void {
    this.ended = true;
  }

  /** New addresses for the connection (an ICE restart), or the offer that still waits for its answer once more. */
  restart(): void {
    if (this.connection.signalingState === "have-local-offer") {
      this.sendLocal();
    } else if (this.mustAsk) {
      this.options.describe(null);
    } else {
      this.restarting = true;
      this.connection.restartIce();
    }
  }

  /** No offer of our own is being made or is due: the descriptions may be taken once more. */
  get isSettled(): boolean {
    return !this.ended && !this.makingOffer && !this.restarting && this.connection.signalingState === "stable";
  }

  async takeDescription(description: Description | null): Promise<void> {
    if (description === null) {
      this.asked();
    } else if (description.type === "answer") {
      await this.takeAnswer(description);
    } else {
      await this.takeOffer(description);
    }
  }

  private get mustAsk(): boolean {
    return this.options.polite && this.connection.remoteDescription !== null;
  }

  private asked(): void {
    if (!this.options.polite) {
      this.restart();
    }
  }

  private async takeAnswer(answer: Description): Promise<void> {
    if (this.connection.signalingState === "have-local-offer") {
      await this.connection.setRemoteDescription(answer);
      this.options.onStable();
    } // else: the second answer, to an offer that was sent twice
  }

  private async takeOffer(offer: Description): Promise<void> {
    if (!this.options.polite && (this.makingOffer || this.connection.signalingState !== "stable")) {
      return; // both began at once: ours stands, theirs is taken back
    }
    await this.connection.setRemoteDescription(offer);
    await this.options.onOffer();
    await this.connection.setLocalDescription();
    this.sendLocal();
    this.options.onStable();
  }

  async takeCandidate(candidate: Candidate | null): Promise<void> {
    if (this.connection.remoteDescription === null) {
      return; // belongs to an offer that was ignored or never came; the next offer carries its own
    }
    await this.connection.addIceCandidate(candidate ?? undefined);
  }

  private async needed(): Promise<void> {
    // In any other state the browser says so again once offer and answer agree.
    if (this.ended || this.makingOffer || this.connection.signalingState !== "stable") {
      return;
    }
    if (this.mustAsk) {
      this.options.describe(null);
    } else {
      await this.offer();
    }
  }

  private async offer(): Promise<void> {
    try {
      this.makingOffer = true;
      this.restarting = false;
      await this.connection.setLocalDescription();
      this.sendLocal();
    } catch (error) {
      if (this.connection.signalingState !== "closed") {
        console.warn("call: no offer could be made", error);
      }
    } finally {
      this.makingOffer = false;
    }
  }

  private sendLocal(): void {
    const description = this.connection.localDescription;
    if (!this.ended && description !== null && (description.type === "offer" || description.type === "answer")) {
      this.options.describe({ type: description.type, sdp: description.sdp });
    }
  }
}

function toMessage(candidate: RTCIceCandidate): Candidate {
  const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
  return { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
}
