import type { Capture } from "./capture";
import type { Clock } from "./clock";
import type { Rung } from "./ladder";
import type { MemberView } from "./member";
import type { DataMeter } from "./meter";
import type { Problem } from "./problems";
import type { CallConnection, Camera } from "./signals";

export type CallState =
  | { readonly kind: "idle" | "joining" | "in" | "leaving" }
  | { readonly kind: "failed"; readonly reason: Problem };

/** What a page shows of this side. */
export interface OwnView {
  readonly audio: boolean;
  readonly video: boolean;
  readonly camera: Camera;
  readonly audioOnly: boolean;
  /** The rung that the person chose; null: whatever the link carries. */
  readonly chosen: Rung | null;
  readonly videoTrack: MediaStreamTrack | null;
  readonly level: number;
  /** What is wrong with microphone or camera, until it is put right or put away. */
  readonly problem: Problem | null;
}

export interface CallEvents {
  state: CallState;
  /** Who is in the call, or anything that is shown of them. */
  members: readonly MemberView[];
  /** How loud everyone is; up to four times a second. */
  levels: ReadonlyMap<string, number>;
  own: OwnView;
  /** Who is in the call while we are not. */
  waiting: readonly string[];
}

export interface CallOptions {
  readonly connection: CallConnection;
  /** Our own participant id. */
  readonly me: string;
  /** Read for each new connection, for relay credentials expire. */
  iceServers(): readonly RTCIceServer[];
  readonly capture: Capture;
  /** Everyone else present in the room, in the call or not: whom pointers are meant for. */
  audience?(): Iterable<string>;
  /** Takes single pictures off the camera's track, of at most so many bytes; without it no stills are sent. */
  grabStill?(track: MediaStreamTrack | null, bytes: number): Promise<Blob | null>;
  /** Counts what the call costs. */
  readonly meter?: DataMeter;
  readonly clock?: Clock;
  /** Says `online` when the device's network is back. */
  readonly network?: EventTarget;
  readonly createConnection?: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createStream?: (tracks: MediaStreamTrack[]) => MediaStream;
}
