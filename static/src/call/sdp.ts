import type { VoiceForm } from "./voice";

const OPUS = /^a=rtpmap:(\d+) opus\/48000/im;
const RED = /^a=rtpmap:(\d+) red\/48000/im;
/** One copy that is not carried twice needs in-band error correction, and Opus spends bits on that from here on. */
const CORRECTED_BITRATE = 20_000;

/** Bits per second that Opus is given, by whether they take RED. */
export function voiceBitrate(sdp: string, voice: VoiceForm): number {
  const isAlone = voice.twice && !RED.test(sdp);
  return Math.round(isAlone ? Math.max(voice.bitrate, CORRECTED_BITRATE) : voice.bitrate);
}

/**
 * The other side's description with what our Opus encoder is to do (RFC 7587, 6.1): mono, so many bits, packets so
 * long, in-band error correction (a lost packet is rebuilt from the next) and nothing during silence; and first of all
 * RED, where they offer it and the voice is to be carried twice. Never sent on.
 */
export function withVoice(sdp: string, voice: VoiceForm): string {
  const opus = OPUS.exec(sdp)?.[1];
  if (opus === undefined) {
    return sdp;
  }
  const red = RED.exec(sdp)?.[1];
  const isTwice = voice.twice && red !== undefined;
  const packet = voice.packet === 60 && !isTwice ? 40 : voice.packet;
  const wanted: Readonly<Record<string, string>> = {
    minptime: "10",
    useinbandfec: "1",
    usedtx: "1",
    stereo: "0",
    maxaveragebitrate: String(voiceBitrate(sdp, voice)),
  };
  return withLength(withFirst(withFormat(sdp, opus, wanted), isTwice ? red : opus), opus, packet);
}

function withFormat(sdp: string, payload: string, wanted: Readonly<Record<string, string>>): string {
  const format = new RegExp(`^a=fmtp:${payload} (.*?)(\r?)$`, "m");
  if (!format.test(sdp)) {
    const line = `a=fmtp:${payload} ${join(wanted)}`;
    return sdp.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\r?\n)`, "m"), `$1$2${line}$2`);
  }
  return sdp.replace(format, (_line, given: string, end: string) => {
    return `a=fmtp:${payload} ${join({ ...split(given), ...wanted })}${end}`;
  });
}

/** This payload type first on its m-line: it is the one that is sent (RFC 8829, 5.10). */
function withFirst(sdp: string, payload: string): string {
  return sdp.replace(/^(m=audio \d+ \S+) ([\d ]+)/m, (_line, head: string, types: string) => {
    return [head, payload, ...types.trim().split(" ").filter((type) => type !== payload)].join(" ");
  });
}

/** Milliseconds of sound in a packet (RFC 8866, 6.4). */
function withLength(sdp: string, payload: string, packet: number): string {
  const bare = sdp.replace(/^a=ptime:.*\r?\n/gm, "");
  return bare.replace(new RegExp(`^(a=fmtp:${payload} .*?)(\r?\n)`, "m"), `$1$2a=ptime:${packet}$2`);
}

function split(parameters: string): Record<string, string> {
  const pairs = parameters.split(";").map((part) => part.trim().split("="));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

function join(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(";");
}
