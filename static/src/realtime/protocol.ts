// Made from the message models by `make protocol`; `make check` holds it up to date. Not to be edited.

/** A message that says nothing but its name. */
export type Empty = Record<string, never>;

/** Say yes or no to a recording, for oneself and those beside one. */
export interface AnswerRecording {
  recording_id: string;
  agree: boolean;
  text_version: string;
  language: string;
  beside: Beside[];
}

/** Ask somebody's device for a still, or a clip of a few seconds, from its camera. */
export interface AskForStill {
  to: string;
  kind: "still" | "clip";
  track?: "picture" | "second" | "probe";
}

/** Ask everybody in the call; one's own yes is in it, and that of those beside one. */
export interface AskToRecord {
  pictures: boolean;
  text_version: string;
  language: string;
  beside: Beside[];
}

/** A picture that came with a message: the file that brings it, and the picture once there is one. */
export interface Attachment {
  upload_id: string | null;
  instance_id: string | null;
  name: string;
  state: "coming" | "there" | "held" | "refused" | "gone";
}

/** What passes and is never stored: the pointer, and the view while it moves. `at`: ms, server time. */
export interface AwarenessState {
  pointer: Pointer | null;
  view: View | null;
  at: number;
}

/** Somebody beside the treating doctor who was asked there and said yes; for a patient their guardian may have. */
export interface Beside {
  person: "patient" | "attendant";
  given_by: "patient" | "guardian" | "attendant";
}

/** Someone is in the call. */
export interface CallJoined {
  member: CallMember;
}

/** Someone is not: they hung up, their line was lost for good, or they joined again from elsewhere. */
export interface CallLeft {
  participant_id: string;
  reason: "left" | "lost" | "replaced";
}

/** One member of the call. `session_id` is new each time they join; `audio` and `video`: whether they send it. */
export interface CallMember {
  participant_id: string;
  session_id: string;
  audio: boolean;
  video: boolean;
  camera: "front" | "rear" | null;
  extra: ("second" | "probe")[];
}

/** The call's other members, the limits by how many they are (`limits[0]` for one other member), and the route. */
export interface CallMembers {
  members: CallMember[];
  route: Route;
  limits: MediaLimits[];
}

/** A candidate from the member `from`, whose session is `session_id`. */
export interface CandidateSent {
  from: string;
  session_id: string;
  candidate: IceCandidate | null;
  attempt: number;
}

/** What this member now sends. */
export interface ChangeMedia {
  audio: boolean;
  video: boolean;
  camera?: "front" | "rear" | null;
  extra?: ("second" | "probe")[];
}

/** One message as everybody in the room reads it. `sent_at`: milliseconds since 1970, the server's clock. */
export interface ChatEntry {
  id: number;
  client_id: string;
  participant_id: string;
  name: string;
  role: string;
  text: string;
  attachment: Attachment | null;
  sent_at: number;
}

export interface ConsultChanged {
  consult_id: string;
  state: string;
}

/**
 * What this participant spent on this consult, what their site spent this month and may spend; in bytes.
 *
 * `saver`: the site's calls begin without video. `month_limit` None: no limit.
 */
export interface DataUse {
  voice: number;
  video: number;
  images: number;
  month: number;
  month_limit: number | null;
  saver: boolean;
}

/** An offer or answer from the member `from`, whose session is `session_id`; null asks for an offer. */
export interface DescriptionSent {
  from: string;
  session_id: string;
  description: SessionDescription | null;
  attempt: number;
}

/** Hold the picture of `publisher` back at the relay, or send it again: a member who wants voices only. */
export interface HoldPicture {
  route: string;
  publisher: string;
  held: boolean;
}

/** RTCIceCandidateInit (WebRTC 1.0, 4.8.1); an empty `candidate` ends a generation of candidates. */
export interface IceCandidateInput {
  candidate: string;
  sdpMid?: string | null;
  sdpMLineIndex?: number | null;
  usernameFragment?: string | null;
}

/** RTCIceCandidateInit (WebRTC 1.0, 4.8.1); an empty `candidate` ends a generation of candidates. */
export interface IceCandidate {
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment: string | null;
}

export interface InstanceChanged {
  instance: Record<string, unknown>;
}

export interface InstanceRemoved {
  instance_id: string;
}

/** Join, or come back after a reconnection with the same `session_id`; another `session_id` replaces the old one. */
export interface JoinCall {
  session_id: string;
  audio: boolean;
  video: boolean;
}

export interface JoinConsult {
  consult_id: string;
  session_id: string;
}

export interface JoinedConsult {
  participant_id: string;
  role: string;
  name: string;
  state: string;
  participants: ParticipantInfo[];
  ice_servers: Record<string, unknown>[];
  server_time: number;
}

/** How the link to one other member is now: in a word, by which path, on which rung of the ladder, in figures. */
export interface LinkQuality {
  other: string;
  link: "good" | "weak" | "lost" | "no_path";
  path: "direct" | "turn" | "relay";
  rung: "picture" | "small_picture" | "stills" | "voice" | "text" | "question";
  loss_in: number;
  loss_out: number;
  concealed: number;
  round_trip: number | null;
  jitter: number | null;
  voice_in: number;
  voice_out: number;
  picture_in: number;
  picture_out: number;
}

/** The relay's answer to an offer of one's own, or its own offer. */
export interface MediaAnswered {
  route: string;
  purpose: "publish" | "subscribe";
  publisher: string | null;
  attempt: number;
  type: "answer" | "offer";
  sdp: string;
}

/** What a member now sends. */
export interface MediaChanged {
  participant_id: string;
  audio: boolean;
  video: boolean;
  camera: "front" | "rear" | null;
  extra: ("second" | "probe")[];
}

/** What one member may send to each other member, in bits and frames per second. */
export interface MediaLimits {
  audio_bps: number;
  video_bps: number;
  frame_rate: number;
}

/** The relay did not take an offer: `full`, `expired`, `used`, `forged`, or has ended what there was (`moved`). */
export interface MediaRefused {
  route: string;
  purpose: "publish" | "subscribe";
  publisher: string | null;
  attempt: number;
  code: string;
}

export interface MessageSent {
  message: ChatEntry;
}

/**
 * Offer the relay of route `route` a connection: to send one's own media, or to receive those of `publisher`.
 *
 * `session_id` is the sender's own; the answer comes as `media_answered` with the same `attempt`, or `media_refused`.
 * `tracks` says what the offer's media sections carry, in their order; `sdp` is null where the relay makes the offer.
 */
export interface OpenMedia {
  route: string;
  session_id: string;
  purpose: "publish" | "subscribe";
  publisher: string | null;
  attempt?: number;
  tracks?: ("voice" | "picture" | "low" | "second" | "probe")[];
  sdp: string | null;
}

export interface OpinionChanged {
  consult_id: string;
  version: number;
  signed: boolean;
}

export interface OutcomeChanged {
  consult_id: string;
  version: number;
  signed: boolean;
}

export interface ParticipantInfo {
  participant_id: string;
  name: string;
  role: string;
  present: boolean;
}

export interface ParticipantJoined {
  participant: ParticipantInfo;
}

export interface ParticipantLeft {
  participant_id: string;
}

/** The relay holds back the picture of `publisher` (or sends it again): this side's line carries the voice only. */
export interface PictureHeld {
  publisher: string;
  held: boolean;
}

/** A running clip: at server time `at` it showed `frame`; `rate` times its own speed. */
export interface Playing {
  at: number;
  frame: number;
  rate: number;
}

/** The pointer and moving view, where there is no data channel to send them through. */
export interface PointStage {
  state: AwarenessState;
}

/** Where somebody points, in image pixels. */
export interface Pointer {
  instance: string;
  frame: number;
  x: number;
  y: number;
}

/** How the media of `publisher` arrive: `loss` a share of 1, bit/s of the picture. */
export interface Reception {
  publisher: string;
  loss: number;
  round_trip: number;
  picture: number;
}

/** A recording was asked for, answered, began, paused or ended. */
export interface RecordingChanged {
  recording: RecordingInfo;
}

/** A recording as everybody in the room sees it. Times are milliseconds since 1970; `reason` is why it ended. */
export interface RecordingInfo {
  recording_id: string;
  state: "asking" | "recording" | "paused" | "ended" | "declined" | "deleted";
  pictures: boolean;
  asked_by: string;
  asked_by_name: string;
  text_version: string;
  since: number;
  reason: string;
  people: RecordingPerson[];
}

/** The recording that runs or is asked for; null for none. */
export interface RecordingNow {
  recording: RecordingInfo | null;
}

/** What one person answered. `participant_id` is whose screen they are at. */
export interface RecordingPerson {
  participant_id: string;
  person: "self" | "patient" | "attendant";
  name: string;
  answer: "asked" | "yes" | "no" | "withdrawn";
}

export interface Removed {
  reason: string;
}

export interface ReportChanged {
  consult_id: string;
  state: "making" | "ready" | "failed";
}

/** Bytes that this device spent on the consult since it last said so: zeros ask only how much there is left. */
export interface ReportData {
  voice: number;
  video: number;
  images: number;
}

/** What this browser measured of its links; kept with the call for those who look after the network. */
export interface ReportQuality {
  links: LinkQuality[];
}

/** How the device that was asked is getting on. `width` and `height`: pixels of what was taken. */
export interface ReportStill {
  request_id: string;
  step: "taking" | "waiting" | "taken" | "refused";
  width?: number;
  height?: number;
  upload_id?: string | null;
  reason?: "declined" | "no_camera" | "busy" | "failed" | null;
}

/**
 * How the call's media travels now: from browser to browser, or through a relay. `id` is new with each change.
 *
 * `receive`: what a browser makes to receive somebody through the relay, an offer, or an answer to the relay's offer.
 */
export interface Route {
  kind: "direct" | "relay";
  id: string;
  receive: "offer" | "answer";
}

/** The call's media travels another way from now on: keep the old one until the new one carries. */
export interface RouteChanged {
  route: Route;
}

/** A candidate for the member `to` (null: no more), as long as their session is still `session_id`. */
export interface SendCandidate {
  to: string;
  session_id: string;
  candidate: IceCandidateInput | null;
  attempt?: number;
}

/**
 * An offer or answer for the member `to`, as long as their session is still `session_id`; null asks for an offer.
 *
 * `attempt` counts the connections made between these two sessions: a higher one replaces what is there.
 */
export interface SendDescription {
  to: string;
  session_id: string;
  description: SessionDescription | null;
  attempt?: number;
}

/** The answer to the relay's offer of the media of `publisher`. */
export interface SendMediaAnswer {
  route: string;
  session_id: string;
  purpose?: "subscribe";
  publisher: string;
  sdp: string;
}

/** A candidate for such a connection. */
export interface SendMediaCandidate {
  route: string;
  session_id: string;
  purpose: "publish" | "subscribe";
  publisher: string | null;
  candidate: IceCandidateInput;
}

/** Words, a picture of the case (by its upload or as itself), or both. `client_id` makes a resend harmless. */
export interface SendMessage {
  client_id: string;
  text: string;
  upload_id?: string | null;
  instance_id?: string | null;
}

/** The message as it is kept. */
export interface SentMessage {
  message: ChatEntry;
}

/** RTCSessionDescriptionInit (WebRTC 1.0, 4.6.2) as this protocol uses it: whole offers and answers. */
export interface SessionDescription {
  type: "offer" | "answer";
  sdp: string;
}

/** The relay has receivers for one's small picture (the track `low`), or has none any more. */
export interface SmallPictureWanted {
  wanted: boolean;
}

/** Where another participant points. */
export interface StagePointed {
  from: string;
  state: AwarenessState;
}

/** Changes that the server has stored. */
export interface StageUpdated {
  update: Uint8Array;
  by: string;
}

/** To the device whose camera it is. */
export interface StillAsked {
  request_id: string;
  from: string;
  name: string;
  kind: "still" | "clip";
  track: "picture" | "second" | "probe";
}

export interface StillAwaited {
  request_id: string;
}

/** To whoever asked. */
export interface StillProgressed {
  request_id: string;
  step: "taking" | "waiting";
  width: number;
  height: number;
}

/** To whoever asked. `gone`: the other side left or its line broke. */
export interface StillRefused {
  request_id: string;
  reason: "declined" | "no_camera" | "busy" | "failed" | "gone";
}

/** To the whole room: whose camera, who asked, and the file that brings it. */
export interface StillTaken {
  request_id: string;
  owner: string;
  asked_by: string;
  kind: "still" | "clip";
  upload_id: string;
  width: number;
  height: number;
}

/** End the recording; those who may ask for one may end it. */
export interface StopRecording {
  recording_id: string;
}

/** What the client's copy of the document knows. */
export interface SyncStage {
  state_vector: Uint8Array;
}

/** What the client lacks, and what the server knows: the client sends the rest by `update_stage`. */
export interface SyncedStage {
  update: Uint8Array;
  state_vector: Uint8Array;
}

/** What this browser measured: for a relay that does not measure how its receivers fare. */
export interface TellReception {
  route: string;
  links: Reception[];
}

/** Changes to the document; answered once they are stored. */
export interface UpdateStage {
  update: Uint8Array;
}

export interface UploadChanged {
  upload: Record<string, unknown>;
}

/** How one person sees the stage; `zoom` is CSS pixels an image pixel. */
export interface View {
  instance: string;
  frame: number;
  center: number[];
  zoom: number;
  width_px: number;
  height_px: number;
  rotation: 0 | 90 | 180 | 270;
  flip: boolean;
  invert: boolean;
  window: VoiWindow | null;
  playing: Playing | null;
  quality: "tablet" | "preview" | "full" | "lossless" | "clip";
}

export interface ViewsChanged {
  what: "checklist" | "retake_asked" | "retake_answered" | "retake_declined" | "retake_withdrawn";
  retake_id: string | null;
}

/** Which values are shown from black to white, in modality units. */
export interface VoiWindow {
  center: number;
  width: number;
}

/** Take back one's own yes, or that of somebody beside one: it stops at once. */
export interface WithdrawRecording {
  recording_id: string;
  person: "self" | "patient" | "attendant";
}

export interface WorklistChanged {
  consult_id: string;
  state: string;
  urgency: "emergency" | "urgent" | "routine";
}

/** What the client asks. */
export interface Commands {
  join_consult: { message: JoinConsult; reply: JoinedConsult };
  leave_consult: { message: Empty; reply: Empty };
  join_worklist: { message: Empty; reply: Empty };
  join_inbox: { message: Empty; reply: Empty };
  send_message: { message: SendMessage; reply: SentMessage };
  sync_stage: { message: SyncStage; reply: SyncedStage };
  update_stage: { message: UpdateStage; reply: Empty };
  point_stage: { message: PointStage; reply: Empty };
  ask_for_still: { message: AskForStill; reply: StillAwaited };
  report_still: { message: ReportStill; reply: Empty };
  watch_call: { message: Empty; reply: CallMembers };
  join_call: { message: JoinCall; reply: CallMembers };
  leave_call: { message: Empty; reply: Empty };
  send_description: { message: SendDescription; reply: Empty };
  send_candidate: { message: SendCandidate; reply: Empty };
  change_media: { message: ChangeMedia; reply: Empty };
  ask_for_relay: { message: Empty; reply: Empty };
  open_media: { message: OpenMedia; reply: Empty };
  send_media_candidate: { message: SendMediaCandidate; reply: Empty };
  send_media_answer: { message: SendMediaAnswer; reply: Empty };
  tell_reception: { message: TellReception; reply: Empty };
  hold_picture: { message: HoldPicture; reply: Empty };
  report_quality: { message: ReportQuality; reply: Empty };
  report_data: { message: ReportData; reply: DataUse };
  watch_recording: { message: Empty; reply: RecordingNow };
  ask_to_record: { message: AskToRecord; reply: RecordingNow };
  answer_recording: { message: AnswerRecording; reply: RecordingNow };
  withdraw_recording: { message: WithdrawRecording; reply: Empty };
  stop_recording: { message: StopRecording; reply: Empty };
}

/** What the server tells. */
export interface Facts {
  participant_joined: ParticipantJoined;
  participant_left: ParticipantLeft;
  moved_elsewhere: Empty;
  removed: Removed;
  consult_changed: ConsultChanged;
  opinion_changed: OpinionChanged;
  outcome_changed: OutcomeChanged;
  worklist_changed: WorklistChanged;
  inbox_changed: Empty;
  upload_changed: UploadChanged;
  instance_changed: InstanceChanged;
  instance_removed: InstanceRemoved;
  views_changed: ViewsChanged;
  report_changed: ReportChanged;
  message_sent: MessageSent;
  stage_updated: StageUpdated;
  stage_pointed: StagePointed;
  still_asked: StillAsked;
  still_progressed: StillProgressed;
  still_taken: StillTaken;
  still_refused: StillRefused;
  call_joined: CallJoined;
  call_left: CallLeft;
  description_sent: DescriptionSent;
  candidate_sent: CandidateSent;
  media_changed: MediaChanged;
  route_changed: RouteChanged;
  media_answered: MediaAnswered;
  media_refused: MediaRefused;
  picture_held: PictureHeld;
  small_picture_wanted: SmallPictureWanted;
  recording_changed: RecordingChanged;
}
