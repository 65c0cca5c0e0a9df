import { expect, test } from "vitest";
import { withVoice } from "./sdp";

const VOICE = { maxAverageBitrate: 24_000 };
const OFFER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=rtpmap:96 VP8/90000",
  "",
].join("\r\n");

test("Opus is asked for error correction, silence and a bitrate; every other line stays as it was", () => {
  const lines = withVoice(OFFER, VOICE).split("\r\n");
  expect(lines[3]).toBe("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=24000");
  expect(lines.filter((_line, at) => at !== 3)).toEqual(OFFER.split("\r\n").filter((_line, at) => at !== 3));
});

test("a description without a line of Opus parameters gets one", () => {
  const bare = OFFER.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "");
  expect(withVoice(bare, VOICE)).toContain("a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1");
});

test("doing it twice changes nothing more", () => {
  const once = withVoice(OFFER, VOICE);
  expect(withVoice(once, VOICE)).toBe(once);
});

test("a description without Opus is left alone", () => {
  const video = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
  expect(withVoice(video, VOICE)).toBe(video);
});
