import { expect, test } from "vitest";
import { withVoice } from "./sdp";
import type { VoiceForm } from "./voice";

const WHOLE: VoiceForm = { bitrate: 24_000, packet: 20, twice: false };
const THIN: VoiceForm = { bitrate: 12_000, packet: 60, twice: true };
const OFFER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=rtpmap:96 VP8/90000",
  "",
].join("\r\n");
const WITHOUT_RED = OFFER.replace(" 63 9", " 9").replace(/a=(rtpmap|fmtp):63 .*\r\n/g, "");

test("Opus is asked for error correction, silence, a bitrate and a length; every other line stays as it was", () => {
  const lines = withVoice(OFFER, WHOLE).split("\r\n");
  expect(lines[3]).toBe("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=24000");
  expect(lines[4]).toBe("a=ptime:20");
  const rest = lines.filter((_line, at) => at !== 3 && at !== 4);
  expect(rest).toEqual(OFFER.split("\r\n").filter((_line, at) => at !== 3));
});

test("on a thin link RED comes first and packets are long", () => {
  const lines = withVoice(OFFER, THIN).split("\r\n");
  expect(lines[1]).toBe("m=audio 9 UDP/TLS/RTP/SAVPF 63 111 9");
  expect(lines).toContain("a=ptime:60");
  expect(lines.join()).toContain("maxaveragebitrate=12000");
});

test("where the other side takes no RED, the bits go into error correction", () => {
  const lines = withVoice(WITHOUT_RED, THIN).split("\r\n");
  expect(lines[1]).toBe("m=audio 9 UDP/TLS/RTP/SAVPF 111 9");
  expect(lines).toContain("a=ptime:40");
  expect(lines.join()).toContain("maxaveragebitrate=20000");
});

test("there and back again leaves nothing behind", () => {
  expect(withVoice(withVoice(OFFER, THIN), WHOLE)).toBe(withVoice(OFFER, WHOLE));
  expect(withVoice(withVoice(OFFER, THIN), THIN)).toBe(withVoice(OFFER, THIN));
});

test("a description without a line of Opus parameters gets one", () => {
  const bare = OFFER.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "");
  expect(withVoice(bare, WHOLE)).toContain("a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1");
});

test("a description without Opus is left alone", () => {
  const video = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
  expect(withVoice(video, WHOLE)).toBe(video);
});
