import type { AwarenessChannel, Pointer } from "./presence";
import type { View } from "./schema";

/** A view as a message has it: its type is generated from the server's, whose lists have no fixed length. */
type SentView = Omit<View, "center"> & { center: number[] };

/** The part of the link to the server that carries pointers where browsers have no channel of their own. */
export interface PointTransport {
  request(
    name: "point_stage",
    message: { state: { pointer: Pointer | null; view: SentView | null; at: number } },
  ): Promise<object>;
  on(
    name: "stage_pointed",
    handler: (message: { from: string; state: { pointer: unknown; view: unknown; at: number } }) => void,
  ): () => void;
}

/** Awareness through the server alone: for a page without a call. */
export function awarenessOverSocket(transport: PointTransport): AwarenessChannel {
  return {
    send: ({ pointer, view, at }) => {
      const state = { pointer, view: view && { ...view, center: [...view.center] }, at };
      void transport.request("point_stage", { state }).catch(() => undefined);
    },
    on: (handler) => transport.on("stage_pointed", ({ from, state }) => handler(from, state)),
  };
}
