import { emptyStateVector, StageDocument } from "../stage/document";
import type { StageTransport } from "../stage/stage";

/** One accepted change of the stage; `at` in ms since 1970. */
export interface PastChange {
  readonly at: number;
  readonly data: Uint8Array;
}

/** Something worth jumping to. */
export interface Mark {
  readonly at: number;
  readonly kind: "picture" | "drawing" | "key_image";
  /** Whose drawing it is, or which instance was put up. */
  readonly author: string;
  readonly instance: string;
}

/** Stands in for the server: a stage that listens to it shows what was there at the moment that `goTo` last named. */
export class PastStage implements StageTransport {
  private shown = 0;
  private readonly document = new StageDocument("");
  private readonly listeners = new Set<(message: { update: Uint8Array; by: string }) => void>();

  constructor(private readonly changes: readonly PastChange[]) {}

  /** Up to and with this moment; false when that is back, which needs a new stage. */
  goTo(moment: number): boolean {
    const last = this.changes[this.shown - 1];
    if (last && last.at > moment) {
      return false;
    }
    for (let change = this.changes[this.shown]; change && change.at <= moment; change = this.changes[this.shown]) {
      const { data } = change;
      this.shown += 1;
      this.document.receive(data);
      this.listeners.forEach((tell) => tell({ update: data, by: "" }));
    }
    return true;
  }

  request(name: "sync_stage", message: { state_vector: Uint8Array }): Promise<{ update: Uint8Array; state_vector: Uint8Array }>;
  request(name: "update_stage", message: { update: Uint8Array }): Promise<object>;
  request(name: string): Promise<{ update: Uint8Array; state_vector: Uint8Array }> {
    // What the listener's own page writes (how they look) goes nowhere.
    const update = name === "sync_stage" ? this.document.since(emptyStateVector()) : new Uint8Array();
    return Promise.resolve({ update, state_vector: this.document.stateVector() });
  }

  on(_name: "stage_updated", handler: (message: { update: Uint8Array; by: string }) => void): () => void {
    this.listeners.add(handler);
    return () => void this.listeners.delete(handler);
  }

  onStatus(handler: (state: { status: "up" }) => void): () => void {
    handler({ status: "up" });
    return () => undefined;
  }
}

/** When pictures were put up, things drawn and frames marked, in order. */
export function marksOf(changes: readonly PastChange[]): Mark[] {
  const document = new StageDocument("");
  const found: Mark[] = [];
  let drawn = new Set<string>();
  let marked = new Set<string>();
  let up = "";
  for (const { at, data } of changes) {
    document.receive(data);
    const presenter = document.presenter;
    const instance = presenter === null ? "" : (document.view(presenter)?.instance ?? "");
    if (instance && instance !== up) {
      found.push({ at, kind: "picture", author: presenter ?? "", instance });
      up = instance;
    }
    for (const [id, annotation] of document.annotations()) {
      if (!drawn.has(id)) {
        found.push({ at, kind: "drawing", author: annotation.author, instance: annotation.instance });
      }
    }
    for (const [key, image] of document.keyImages()) {
      if (!marked.has(key)) {
        found.push({ at, kind: "key_image", author: image.by, instance: image.instance });
      }
    }
    drawn = new Set(document.annotations().keys());
    marked = new Set(document.keyImages().keys());
  }
  document.destroy();
  return found;
}
