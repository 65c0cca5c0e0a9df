/** What the stage needs of the link to the server; `Connection` of src/realtime has it. */

export interface SyncReply {
  readonly update: Uint8Array;
  readonly state_vector: Uint8Array;
}

export interface TransportState {
  /** `up` once the page has joined the consult (again). */
  readonly status: "connecting" | "up" | "down";
}

export interface StageTransport {
  request(name: "sync_stage", message: { state_vector: Uint8Array }): Promise<SyncReply>;
  request(name: "update_stage", message: { update: Uint8Array }): Promise<object>;
  on(name: "stage_updated", handler: (message: { update: Uint8Array; by: string }) => void): () => void;
  onStatus(handler: (state: TransportState) => void): () => void;
}

/** The stable code of a refused command, or "failed" for anything else that was thrown. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return "failed";
}
