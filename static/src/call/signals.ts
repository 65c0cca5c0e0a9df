/**
 * What the call needs of the page's connection. The messages are those of video/protocol.py; the connection's own
 * generated types satisfy them, and a test's stand-in does too.
 */
export type Camera = "front" | "rear";

export interface CallMember {
  readonly participant_id: string;
  readonly session_id: string;
  readonly audio: boolean;
  readonly video: boolean;
  readonly camera?: Camera | null;
}

/** What one member may send to each other member, in bits and frames per second. */
export interface MediaLimits {
  readonly audio_bps: number;
  readonly video_bps: number;
  readonly frame_rate: number;
}

/** How the call's media travels now. */
export interface Route {
  readonly kind: "direct" | "relay";
  readonly id: string;
  /** What we make to receive somebody through the relay: an offer, or an answer to its offer. */
  readonly receive?: "offer" | "answer";
}

export interface CallMembers {
  readonly members: readonly CallMember[];
  readonly route: Route;
  readonly limits: readonly MediaLimits[];
}

export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

export interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

export interface DescriptionSent {
  readonly from: string;
  readonly session_id: string;
  /** Null asks for an offer. */
  readonly description: Description | null;
  readonly attempt: number;
}

export interface CandidateSent {
  readonly from: string;
  readonly session_id: string;
  readonly candidate: Candidate | null;
  readonly attempt: number;
}

export interface Media {
  audio: boolean;
  video: boolean;
  camera: Camera | null;
  /** Pictures beside the camera's: another camera's, an ultrasound unit's. */
  extra?: ("second" | "probe")[];
}

/** Where a description or candidate goes: a member, as long as they are in this session. */
export interface Address {
  to: string;
  session_id: string;
  attempt: number;
}

/** What a media section of an offer to the relay carries. */
export type MediaTrack = "voice" | "picture" | "low" | "second" | "probe";

/** A connection to the relay, as its messages name it. */
export interface MediaAddress {
  route: string;
  session_id: string;
  purpose: "publish" | "subscribe";
  publisher: string | null;
}

export interface MediaAnswered {
  readonly route: string;
  readonly purpose: "publish" | "subscribe";
  readonly publisher: string | null;
  readonly attempt: number;
  /** An offer where the relay makes it. */
  readonly type: "answer" | "offer";
  readonly sdp: string;
}

/** How one other member arrives through the relay. */
export interface Reception {
  readonly publisher: string;
  readonly loss: number;
  readonly round_trip: number;
  readonly picture: number;
}

export type MediaRefused = Omit<MediaAnswered, "sdp" | "type"> & { readonly code: string };

/** How the link to one other member is, as it is reported. */
export interface LinkQuality {
  readonly other: string;
  readonly link: "good" | "weak" | "lost" | "no_path";
  readonly path: "direct" | "turn" | "relay";
  readonly rung: "picture" | "small_picture" | "stills" | "voice" | "text" | "question";
  readonly loss_in: number;
  readonly loss_out: number;
  readonly concealed: number;
  readonly round_trip: number | null;
  readonly jitter: number | null;
  readonly voice_in: number;
  readonly voice_out: number;
  readonly picture_in: number;
  readonly picture_out: number;
}

type Nothing = Record<string, never>;
type Off = () => void;

export interface CallConnection {
  readonly state: { readonly status: string };
  request(name: "watch_call", message: Nothing): Promise<CallMembers>;
  request(name: "join_call", message: { session_id: string; audio: boolean; video: boolean }): Promise<CallMembers>;
  request(name: "leave_call", message: Nothing): Promise<unknown>;
  request(name: "send_description", message: Address & { description: Description | null }): Promise<unknown>;
  request(name: "send_candidate", message: Address & { candidate: Candidate | null }): Promise<unknown>;
  request(name: "change_media", message: Media): Promise<unknown>;
  request(name: "ask_for_relay", message: Nothing): Promise<unknown>;
  request(name: "open_media", message: MediaAddress & { attempt: number; sdp: string | null; tracks?: MediaTrack[] }): Promise<unknown>;
  request(
    name: "send_media_answer",
    message: { route: string; session_id: string; publisher: string; sdp: string },
  ): Promise<unknown>;
  request(name: "tell_reception", message: { route: string; links: Reception[] }): Promise<unknown>;
  request(name: "send_media_candidate", message: MediaAddress & { candidate: Candidate }): Promise<unknown>;
  request(name: "hold_picture", message: { route: string; publisher: string; held: boolean }): Promise<unknown>;
  request(name: "report_quality", message: { links: LinkQuality[] }): Promise<unknown>;
  request(name: "point_stage", message: { state: never }): Promise<unknown>;
  on(name: "call_joined", handler: (fact: { member: CallMember }) => void): Off;
  on(name: "call_left", handler: (fact: { participant_id: string; reason: string }) => void): Off;
  on(name: "description_sent", handler: (fact: DescriptionSent) => void): Off;
  on(name: "candidate_sent", handler: (fact: CandidateSent) => void): Off;
  on(name: "media_changed", handler: (fact: Media & { participant_id: string }) => void): Off;
  on(name: "route_changed", handler: (fact: { route: Route }) => void): Off;
  on(name: "media_answered", handler: (fact: MediaAnswered) => void): Off;
  on(name: "media_refused", handler: (fact: MediaRefused) => void): Off;
  on(name: "small_picture_wanted", handler: (fact: { wanted: boolean }) => void): Off;
  on(name: "picture_held", handler: (fact: { publisher: string; held: boolean }) => void): Off;
  on(name: "stage_pointed", handler: (fact: { from: string; state: unknown }) => void): Off;
  on(name: "moved_elsewhere" | "removed", handler: () => void): Off;
  onConnect(join: () => Promise<void>): void;
  onStatus(handler: (state: { readonly status: string }) => void): Off;
}
