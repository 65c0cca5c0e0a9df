import type { MediaLimits } from "./signals";

export interface Tracks {
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
}

/** How the own picture is sent to this peer; the ladder's word. */
export interface PictureSettings {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly frameRate: number;
  /** By how much width and height are divided. */
  readonly scaleDownBy: number;
}

/** The connection's transceiver for voice or picture; there is one of each. */
export function transceiverOf(
  connection: RTCPeerConnection | null,
  kind: "audio" | "video",
): RTCRtpTransceiver | undefined {
  return connection?.getTransceivers().find((transceiver) => transceiver.receiver.track.kind === kind);
}

/** Sends these tracks from now on; needs no negotiation. */
export async function replaceTracks(connection: RTCPeerConnection | null, tracks: Tracks): Promise<void> {
  for (const kind of ["audio", "video"] as const) {
    const sender = transceiverOf(connection, kind)?.sender;
    if (sender && sender.track !== tracks[kind]) {
      await sender.replaceTrack(tracks[kind]).catch((error: unknown) => console.warn("call: track not replaced", error));
    }
  }
}

/** Voice before picture, and neither more than its share (WebRTC Priority Control 4.1; WebRTC 1.0, 5.2.8). */
export async function limitSending(
  connection: RTCPeerConnection | null,
  limits: MediaLimits,
  picture: PictureSettings,
): Promise<void> {
  const voice = { priority: "high", networkPriority: "high", maxBitrate: limits.audio_bps } as const;
  await encode(transceiverOf(connection, "audio")?.sender, voice);
  await encode(transceiverOf(connection, "video")?.sender, {
    priority: "low",
    networkPriority: "low",
    active: picture.active,
    maxBitrate: Math.min(picture.maxBitrate, limits.video_bps),
    maxFramerate: Math.min(picture.frameRate, limits.frame_rate),
    scaleResolutionDownBy: picture.scaleDownBy,
  });
}

async function encode(sender: RTCRtpSender | undefined, wanted: RTCRtpEncodingParameters): Promise<void> {
  const parameters = sender?.getParameters();
  const [encoding] = parameters?.encodings ?? [];
  if (!sender || !parameters || !encoding) {
    return; // not negotiated yet: asked again when it is
  }
  Object.assign(encoding, wanted);
  // Two changes at once make the older one fail; the newer one is what counts.
  await sender.setParameters(parameters).catch(() => undefined);
}
