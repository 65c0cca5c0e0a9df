import { StageDocument } from "../../../static/src/stage/document";
import type { AwarenessChannel, AwarenessState, StageTransport } from "../../../static/src/stage/stage";
import type { SyncReply, TransportState } from "../../../static/src/stage/transport";

type Bytes = { update?: Uint8Array; state_vector?: Uint8Array };
type Updated = (message: { update: Uint8Array; by: string }) => void;
type Status = (state: TransportState) => void;
type Pointed = (from: string, state: AwarenessState) => void;

/** A server and a network inside the page: everything passes, until somebody's link is cut. */
export class Hub {
  readonly document = new StageDocument("0".repeat(32));
  private readonly links: Link[] = [];
  delay = 5;

  join(participant: string): Link {
    const link = new Link(this, participant);
    this.links.push(link);
    return link;
  }

  spread(from: Link, update: Uint8Array): void {
    for (const link of this.links) {
      if (link !== from && link.up) {
        setTimeout(() => link.updated({ update, by: from.participant }), this.delay);
      }
    }
  }

  point(from: Link, state: AwarenessState): void {
    const text = JSON.stringify(state);
    from.awarenessBytes += text.length;
    for (const link of this.links) {
      if (link !== from && link.up) {
        setTimeout(() => link.pointed(from.participant, JSON.parse(text) as AwarenessState), this.delay);
      }
    }
  }
}

export class Link implements StageTransport {
  up = true;
  awarenessBytes = 0;
  updateBytes = 0;
  private readonly updates = new Set<Updated>();
  private readonly statuses = new Set<Status>();
  private readonly pointers = new Set<Pointed>();
  readonly awareness: AwarenessChannel = {
    send: (state) => {
      if (this.up) {
        this.hub.point(this, state);
      }
    },
    on: (handler) => {
      this.pointers.add(handler);
      return () => void this.pointers.delete(handler);
    },
  };

  constructor(
    private readonly hub: Hub,
    readonly participant: string,
  ) {}

  request(name: "sync_stage", message: { state_vector: Uint8Array }): Promise<SyncReply>;
  request(name: "update_stage", message: { update: Uint8Array }): Promise<object>;
  async request(name: string, message: Bytes): Promise<SyncReply | object> {
    await new Promise((resolve) => setTimeout(resolve, this.hub.delay));
    if (!this.up) {
      throw Object.assign(new Error("The link is gone."), { code: "offline" });
    }
    if (name === "sync_stage" && message.state_vector) {
      return { update: this.hub.document.since(message.state_vector), state_vector: this.hub.document.stateVector() };
    }
    if (message.update) {
      this.updateBytes += message.update.length;
      this.hub.document.receive(message.update);
      this.hub.spread(this, message.update);
    }
    return {};
  }

  on(_name: "stage_updated", handler: Updated): () => void {
    this.updates.add(handler);
    return () => void this.updates.delete(handler);
  }

  onStatus(handler: Status): () => void {
    this.statuses.add(handler);
    handler({ status: this.up ? "up" : "down" });
    return () => void this.statuses.delete(handler);
  }

  cut(): void {
    this.turn(false);
  }

  mend(): void {
    this.turn(true);
  }

  updated(message: { update: Uint8Array; by: string }): void {
    this.updates.forEach((handler) => handler(message));
  }

  pointed(from: string, state: AwarenessState): void {
    this.pointers.forEach((handler) => handler(from, state));
  }

  private turn(up: boolean): void {
    this.up = up;
    this.statuses.forEach((handler) => handler({ status: up ? "up" : "down" }));
  }
}
