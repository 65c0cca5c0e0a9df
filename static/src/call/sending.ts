import { pictureOn, type PictureOnRung, type Rung } from "./ladder";
import { voiceBitrate } from "./sdp";
import type { MediaLimits } from "./signals";
import { voiceOn, type VoiceForm } from "./voice";

export interface Tracks {
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
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

/** What is sent on a rung of the ladder. */
export interface Sending {
  readonly picture: PictureOnRung;
  readonly voice: VoiceForm;
  /** False where no voice gets through and its packets would only stand in the way of what is written. */
  readonly speaks: boolean;
}

export const WHOLE_SENDING: Sending = sendingOn("picture", 0, null);

/**
 * What is sent on a rung; `loss` as a share of 1, `available` in bits per second, decide how safe the voice is made;
 * `isWaiting`: it says nothing until the line's buffers are empty.
 */
export function sendingOn(rung: Rung, loss: number, available: number | null, isWaiting = false): Sending {
  return {
    picture: pictureOn(rung),
    voice: voiceOn(rung, loss, available),
    speaks: rung !== "text" && rung !== "question" && !isWaiting,
  };
}

/** Voice before picture, and neither more than its share (WebRTC Priority Control 4.1; WebRTC 1.0, 5.2.8). */
export async function limitSending(
  connection: RTCPeerConnection | null,
  limits: MediaLimits,
  { picture, voice, speaks }: Sending,
): Promise<void> {
  const bitrate = voiceBitrate(connection?.remoteDescription?.sdp ?? "", voice);
  await encode(transceiverOf(connection, "audio")?.sender, {
    active: speaks,
    priority: "high",
    networkPriority: "high",
    maxBitrate: Math.min(bitrate, limits.audio_bps),
  });
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
