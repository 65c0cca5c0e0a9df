import type { AwarenessChannel, AwarenessState } from "./presence";

/** The part of the link to the server that carries pointers where browsers have no channel of their own. */
export interface PointTransport {
  request(name: "point_stage", message: { state: AwarenessState }): Promise<object>;
  on(
    name: "stage_pointed",
    handler: (message: { from: string; state: { pointer: unknown; view: unknown; at: number } }) => void,
  ): () => void;
}

/** Awareness through the server alone: for a page without a call. */
export function awarenessOverSocket(transport: PointTransport): AwarenessChannel {
  return {
    send: (state) => void transport.request("point_stage", { state }).catch(() => undefined),
    on: (handler) => transport.on("stage_pointed", ({ from, state }) => handler(from, state)),
  };
}
