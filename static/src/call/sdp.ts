/** What our side tells the other side's Opus encoder (RFC 7587, 6.1). */
export interface VoiceParameters {
  /** Bits per second. */
  readonly maxAverageBitrate: number;
}

const OPUS = /^a=rtpmap:(\d+) opus\/48000/im;

/**
 * The description with Opus asked to send mono, at most so many bits, with in-band error correction (a lost packet is
 * rebuilt from the next) and nothing during silence. Only what travels is changed, never the local description.
 */
export function withVoice(sdp: string, voice: VoiceParameters): string {
  const payload = OPUS.exec(sdp)?.[1];
  if (payload === undefined) {
    return sdp;
  }
  const wanted: Readonly<Record<string, string>> = {
    minptime: "10",
    useinbandfec: "1",
    usedtx: "1",
    stereo: "0",
    maxaveragebitrate: String(Math.round(voice.maxAverageBitrate)),
  };
  const format = new RegExp(`^a=fmtp:${payload} (.*?)(\r?)$`, "m");
  if (!format.test(sdp)) {
    const line = `a=fmtp:${payload} ${join(wanted)}`;
    return sdp.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\r?\n)`, "m"), `$1$2${line}$2`);
  }
  return sdp.replace(format, (_line, given: string, end: string) => {
    return `a=fmtp:${payload} ${join({ ...split(given), ...wanted })}${end}`;
  });
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
