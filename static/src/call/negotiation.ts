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
  | "addEventListener"
>;

export interface NegotiationOptions {
  /** Gives way when both sides make an offer at once. */
  readonly polite: boolean;
  /** Sends to the other side; failures are the sender's to repair. */
  describe(description: Description): void;
  candidate(candidate: Candidate | null): void;
  /** After an offer of the other side is set and before it is answered. */
  readonly onOffer: () => Promise<void> | void;
  /** Offers and answers agree. */
  readonly onStable: () => void;
}

/**
 * Offers and answers of one connection, made by either side at any moment ("perfect negotiation", WebRTC 1.0, 10.7):
 * when two offers cross, the polite side takes its own back and the impolite side ignores the other's.
 */
export class Negotiation {
  private makingOffer = false;
  private ignoring = false;
  private settingAnswer = false;
  private ended = false;

  constructor(
    private readonly connection: NegotiatedConnection,
    private readonly options: NegotiationOptions,
  ) {
    connection.addEventListener("negotiationneeded", () => void this.offer());
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

  /** Sends the offer that still waits for its answer once more, with the candidates found since. */
  repeatOffer(): void {
    if (this.connection.signalingState === "have-local-offer") {
      this.sendLocal();
    }
  }

  async takeDescription(description: Description): Promise<void> {
    const stable = this.connection.signalingState === "stable" || this.settingAnswer;
    if (description.type === "answer" && this.connection.signalingState !== "have-local-offer") {
      return; // the answer to an offer that was sent twice
    }
    const crossed = description.type === "offer" && (this.makingOffer || !stable);
    this.ignoring = crossed && !this.options.polite;
    if (this.ignoring) {
      return;
    }
    this.settingAnswer = description.type === "answer";
    try {
      await this.connection.setRemoteDescription(description); // takes our own offer back first, if there is one
    } finally {
      this.settingAnswer = false;
    }
    if (description.type === "offer") {
      await this.options.onOffer();
      await this.connection.setLocalDescription();
      this.sendLocal();
    }
    this.options.onStable();
  }

  async takeCandidate(candidate: Candidate | null): Promise<void> {
    if (this.connection.remoteDescription === null) {
      return; // belongs to an offer that was ignored or never came; the next offer carries its own
    }
    try {
      await this.connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.ignoring) {
        throw error;
      }
    }
  }

  private async offer(): Promise<void> {
    // In any other state the browser asks again once offer and answer agree.
    if (this.ended || this.makingOffer || this.connection.signalingState !== "stable") {
      return;
    }
    try {
      this.makingOffer = true;
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
