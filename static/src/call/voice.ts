import type { Rung } from "./ladder";
import { withVoice } from "./sdp";

/** How our voice is put into packets (RFC 7587; RFC 2198 for carrying it twice). */
export interface VoiceForm {
  /** Bits per second of one copy. */
  readonly bitrate: number;
  /** Milliseconds of voice in a packet. */
  readonly packet: 20 | 40 | 60;
  /** Each packet also carries the one before (RED), where the other side takes that. */
  readonly twice: boolean;
}

const WHOLE: VoiceForm = { bitrate: 24_000, packet: 20, twice: false };
const SAFE: VoiceForm = { bitrate: 16_000, packet: 40, twice: true };
/** Measured over 40 kbit/s, 300 ms, 10 %: 0 to 2 % concealed; one copy of 24 kbit/s in 20 ms never gets through there. */
const THIN: VoiceForm = { bitrate: 12_000, packet: 60, twice: true };
const ROOM_FOR_TWO = 300_000;
const WORTH_TWO = 0.03;

/**
 * The voice of a rung: headers cost a thin link more than the voice does, so packets get longer as it gets thinner, and
 * what is saved carries every word twice. Over a good link it is carried twice only while packets are lost.
 */
export function voiceOn(rung: Rung, loss: number, available: number | null): VoiceForm {
  switch (rung) {
    case "picture":
      return { ...WHOLE, twice: loss >= WORTH_TWO && available !== null && available >= ROOM_FOR_TWO };
    case "small_picture":
      return SAFE;
    case "stills":
    case "voice":
    case "text":
    case "question":
      return THIN;
  }
}

export function isSameVoice(one: VoiceForm, other: VoiceForm): boolean {
  return one.bitrate === other.bitrate && one.packet === other.packet && one.twice === other.twice;
}

/**
 * Sends in this form from now on. Browsers take packet length and RED only from the other side's description, so the
 * one that is there is taken once more, changed: nothing travels, and the connection's addresses stay.
 */
export async function takeVoice(connection: RTCPeerConnection, form: VoiceForm): Promise<void> {
  const theirs = connection.remoteDescription;
  if (theirs === null || connection.signalingState !== "stable" || isChanging(connection)) {
    return; // the negotiation that comes takes it along
  }
  const sdp = withVoice(theirs.sdp, form);
  if (sdp === theirs.sdp) {
    return;
  }
  if (theirs.type === "answer") {
    await connection.setLocalDescription();
    await connection.setRemoteDescription({ type: "answer", sdp });
  } else {
    await connection.setRemoteDescription({ type: "offer", sdp });
    await connection.setLocalDescription();
  }
}

/** Whether a direction has been set that the other side has yet to be told of. */
function isChanging(connection: RTCPeerConnection): boolean {
  if (connection.localDescription?.type !== "offer") {
    return false; // who answers asks for an offer, and that is on its way
  }
  const told = connection.localDescription.sdp;
  const said = [...told.matchAll(/^a=(sendrecv|sendonly|recvonly|inactive)\r?$/gm)].map(([, word]) => word);
  return connection.getTransceivers().some(({ direction }, at) => said[at] !== undefined && said[at] !== direction);
}
