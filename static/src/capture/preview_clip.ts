import { fitted, type Size } from "./preview_encode";
import type { PreviewReply } from "./preview_facts";

/** The longest side of a small clip, px. */
export const CLIP_SIDE = 640;
const BITS_PER_SECOND = 300_000; // what the server's own first pass has
const MOST_BYTES = 700_000;
const MOST_SERVER_BYTES = 1_000_000;
const MOST_FRAMES = 1500;
const GROUP = 10; // a key frame every ten, so that a jump decodes ten at most
const DEFAULT_FRAME_MS = 1000 / 15;
const MOST_QUEUED = 4;
// Baseline has no B-frames: every access unit is one frame, in order. VP8 where there is no H.264.
const CODECS = ["avc1.42E01F", "vp8"] as const;

/** A clip's frames as they look, one at a time and in order. */
export interface ClipFrames {
  readonly size: Size;
  readonly count: number;
  readonly frameMs: number | null;
  frames(): AsyncIterable<CanvasImageSource>;
}

interface Unit {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly key: boolean;
}

function even({ width, height }: Size): Size {
  return { width: Math.max(2, 2 * Math.round(width / 2)), height: Math.max(2, 2 * Math.round(height / 2)) };
}

async function configFor(size: Size, seconds: number, rate: number): Promise<VideoEncoderConfig | null> {
  if (typeof VideoEncoder === "undefined") {
    return null; // an old browser, or a page without HTTPS: the first frame goes alone
  }
  const bitrate = Math.round(Math.min(BITS_PER_SECOND, (MOST_BYTES * 8) / seconds));
  for (const codec of CODECS) {
    const config: VideoEncoderConfig = { codec, ...size, bitrate, framerate: rate, latencyMode: "realtime" };
    const whole = codec === "vp8" ? config : { ...config, avc: { format: "avc" as const } };
    const support = await VideoEncoder.isConfigSupported(whole).catch(() => null);
    if (support?.supported === true) {
      return whole;
    }
  }
  return null;
}

/** Collects what an encoder gives. */
class Collected {
  readonly units: Unit[] = [];
  failure: Error | null = null;
  decoder: VideoDecoderConfig | undefined;

  readonly init: VideoEncoderInit = {
    output: (chunk, meta) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      this.decoder ??= meta?.decoderConfig;
      this.units.push({ bytes, key: chunk.type === "key" });
    },
    error: (error) => {
      this.failure = error;
    },
  };
}

function base64(data: AllowSharedBufferSource | undefined): string {
  if (!data) {
    return "";
  }
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  return btoa(String.fromCharCode(...bytes));
}

function codecName(codec: string): string {
  return codec.startsWith("avc1.") ? `avc1.${codec.slice(5).toUpperCase()}` : codec;
}

/** Encodes every frame small; null where this browser cannot, or it would be too much to go ahead of its original. */
export async function encodedClip(clip: ClipFrames, tell: (share: number) => void): Promise<PreviewReply | null> {
  const size = even(fitted(clip.size, CLIP_SIDE));
  const frameMs = clip.frameMs ?? DEFAULT_FRAME_MS;
  const config = clip.count > MOST_FRAMES ? null : await configFor(size, (clip.count * frameMs) / 1000, 1000 / frameMs);
  if (!config) {
    return null;
  }
  const collected = new Collected();
  const encoder = new VideoEncoder(collected.init);
  encoder.configure(config);
  let index = 0;
  for await (const source of clip.frames()) {
    const canvas = new OffscreenCanvas(size.width, size.height);
    canvas.getContext("2d", { alpha: false })?.drawImage(source, 0, 0, size.width, size.height);
    const frame = new VideoFrame(canvas, { timestamp: Math.round(index * frameMs * 1000), alpha: "discard" });
    encoder.encode(frame, { keyFrame: index % GROUP === 0 });
    frame.close();
    index += 1;
    tell(index / clip.count);
    while (encoder.encodeQueueSize > MOST_QUEUED && !collected.failure) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  await encoder.flush();
  encoder.close();
  return collected.failure || index !== clip.count ? null : bundled(collected, config.codec, size, frameMs);
}

function bundled({ units, decoder }: Collected, codec: string, size: Size, frameMs: number): PreviewReply | null {
  const bytes = new Blob(units.map((unit) => unit.bytes));
  if (bytes.size === 0 || bytes.size > MOST_SERVER_BYTES || units[0]?.key !== true) {
    return null;
  }
  const duration = Math.round(frameMs * 1000);
  const index = {
    codec: codecName(decoder?.codec ?? codec),
    description: base64(decoder?.description),
    ...size,
    coded_width: size.width,
    coded_height: size.height,
    frames: units.map((unit) => [unit.bytes.length, unit.key ? 1 : 0, duration]),
  };
  return { kind: "clip", bytes, index };
}
