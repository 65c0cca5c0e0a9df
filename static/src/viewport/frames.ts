import { type ClipIndex, groupOf, parseClipIndex } from "./clip_index";
import { FrameCache } from "./frame_cache";
import type { ClipRendition, Rendition } from "./manifest";
import { StreamedBytes } from "./streamed_bytes";
import { VideoFrames } from "./video_frames";

/** Gives a clip's frames by index (from 0): always that frame, never its neighbour. */
export interface FrameSource {
  /** The frame if it is decoded already. */
  cached(index: number): ImageBitmap | undefined;
  /** Decodes it if need be, once its bytes are here. Rejects when the source is closed or the clip is broken. */
  frame(index: number): Promise<ImageBitmap>;
  /** Whether its bytes are here. */
  ready(index: number): boolean;
  /** The frame that is on the screen: kept in memory whatever comes. */
  pin(index: number): void;
  /** How much of the clip is here: 0 to 1. */
  readonly received: number;
  close(): void;
}

const TICK_US = 1000; // chunks are stamped with their index, so that no rounding of times can move a frame
const AHEAD = 12;

/** H.264 access units decoded by WebCodecs, group by group. */
export class CodecFrames implements FrameSource {
  private readonly cache: FrameCache;
  private readonly bytes: StreamedBytes;
  private decoder: VideoDecoder | null = null;
  private outputs: Promise<void>[] = [];
  private failure: Error | null = null;
  private line: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly index: ClipIndex,
    clip: ClipRendition,
    progress: () => void,
  ) {
    this.cache = FrameCache.forSize(index.width, index.height);
    this.bytes = new StreamedBytes(clip.url, index.bytes, progress);
  }

  get received(): number {
    return this.bytes.received / this.index.bytes;
  }

  cached(index: number): ImageBitmap | undefined {
    return this.cache.get(index);
  }

  pin(index: number): void {
    this.cache.pinned = index;
  }

  ready(index: number): boolean {
    const frame = this.index.frames[index];
    return frame !== undefined && frame.offset + frame.length <= this.bytes.received;
  }

  async frame(index: number): Promise<ImageBitmap> {
    const wanted = this.index.frames[index];
    await this.bytes.until(wanted ? wanted.offset + wanted.length : 0); // before the line: others need not wait too
    const decoded = this.line.then(() => this.cache.get(index) ?? this.decodeGroup(index));
    this.line = decoded.catch(() => undefined);
    return decoded;
  }

  close(): void {
    this.closed = true;
    this.bytes.close();
    if (this.decoder?.state !== "closed") {
      this.decoder?.close();
    }
    this.cache.clear();
  }

  private async decodeGroup(index: number): Promise<ImageBitmap> {
    const frames = this.index.frames;
    const [first, end] = groupOf(frames, index);
    if (this.closed || !this.ready(index)) {
      throw new Error(`There is no frame ${index}.`);
    }
    let last = index;
    while (last + 1 < Math.min(end, index + AHEAD) && this.ready(last + 1)) {
      last += 1;
    }
    await this.decode(first, last, Math.max(first, index - AHEAD));
    const bitmap = this.cache.get(index);
    if (!bitmap) {
      throw new Error(`Frame ${index} did not come out of the decoder.`);
    }
    return bitmap;
  }

  /** Decodes frames `first` to `last` and keeps those from `keep` on. */
  private async decode(first: number, last: number, keep: number): Promise<void> {
    const decoder = this.opened(keep);
    for (let index = first; index <= last; index++) {
      const frame = this.index.frames[index];
      if (frame) {
        const data = this.bytes.slice(frame.offset, frame.length);
        const type = frame.key ? "key" : "delta";
        decoder.decode(new EncodedVideoChunk({ type, timestamp: index * TICK_US, data }));
      }
    }
    await decoder.flush();
    await Promise.all(this.outputs.splice(0));
    if (this.failure) {
      throw this.failure;
    }
  }

  private opened(keep: number): VideoDecoder {
    this.failure = null;
    this.keep = keep;
    if (!this.decoder || this.decoder.state === "closed") {
      this.decoder = new VideoDecoder({
        output: (frame) => void this.outputs.push(this.take(frame)),
        error: (error) => (this.failure = error),
      });
      this.decoder.configure(configOf(this.index));
    }
    return this.decoder;
  }

  private keep = 0;

  /** Copies the picture out at once: hardware decoders stall when their few frames are held. */
  private async take(frame: VideoFrame): Promise<void> {
    const index = Math.round(frame.timestamp / TICK_US);
    try {
      if (index >= this.keep && !this.closed && !this.cache.has(index)) {
        const bitmap = await createImageBitmap(frame, 0, 0, this.index.width, this.index.height);
        this.cache.put(index, bitmap);
      }
    } finally {
      frame.close();
    }
  }
}

function configOf(index: ClipIndex): VideoDecoderConfig {
  return {
    codec: index.codec,
    ...(index.description.length > 0 ? { description: index.description } : {}),
    codedWidth: index.coded_width,
    codedHeight: index.coded_height,
    optimizeForLatency: true,
  };
}

export interface ClipRenditions {
  readonly clip: ClipRendition;
  readonly mp4: Rendition | undefined;
}

async function decodable(index: ClipIndex): Promise<boolean> {
  if (typeof VideoDecoder === "undefined") {
    return false; // an old browser, or a page without HTTPS
  }
  try {
    return (await VideoDecoder.isConfigSupported(configOf(index))).supported === true;
  } catch {
    return false;
  }
}

/** Opens a clip in the best way this browser has. Rejects when it has none or the index cannot be fetched. */
export async function openFrames(
  { clip, mp4 }: ClipRenditions,
  progress: () => void,
  withVideo = false,
): Promise<FrameSource> {
  const response = await fetch(clip.index_url, { credentials: "same-origin" });
  if (!response.ok) {
    throw new Error(`${clip.index_url}: ${response.status}`);
  }
  const index = parseClipIndex(await response.json());
  if (!withVideo && (await decodable(index))) {
    return new CodecFrames(index, clip, progress);
  }
  if (!mp4) {
    throw new Error("This browser cannot play the clip.");
  }
  return new VideoFrames(mp4, index);
}
