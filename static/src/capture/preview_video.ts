import { BlobSource, Input, MATROSKA, MP4, MPEG_TS, QTFF, VideoSampleSink, WEBM, type InputVideoTrack } from "mediabunny";
import { NoPreview } from "./no_preview";
import { type ClipFrames, CLIP_SIDE } from "./preview_clip";
import { context2d, encoded, fitted, PREVIEW_SIDE, type Size } from "./preview_encode";
import { photographFacts, type TabletFacts } from "./preview_facts";

const MOST_SIDE = 1920; // the server shows a video at most this wide: imaging/limits.py
const SHORTEST_MS = 2;
const LONGEST_MS = 10_000;

/** A phone's video, upright; its frames are decoded by the browser's own decoder. */
interface OpenedVideo {
  readonly track: InputVideoTrack;
  readonly size: Size;
  readonly count: number;
  readonly frameMs: number | null;
}

async function open(file: Blob): Promise<OpenedVideo> {
  const input = new Input({ source: new BlobSource(file), formats: [MP4, QTFF, MATROSKA, WEBM, MPEG_TS] });
  const track = await input.getPrimaryVideoTrack();
  if (!track || !(await track.canDecode())) {
    throw new NoPreview("video", "this video is left to the server");
  }
  const [width, height] = [await track.getDisplayWidth(), await track.getDisplayHeight()];
  const { packetCount, averagePacketRate } = await track.computePacketStats();
  const frameMs = 1000 / averagePacketRate;
  return {
    track,
    size: fitted({ width, height }, MOST_SIDE),
    count: packetCount,
    frameMs: frameMs >= SHORTEST_MS && frameMs <= LONGEST_MS ? frameMs : null,
  };
}

async function* canvases({ track, size }: OpenedVideo, longest: number): AsyncGenerator<OffscreenCanvas> {
  const { width, height } = fitted(size, longest);
  const canvas = new OffscreenCanvas(width, height);
  for await (const sample of new VideoSampleSink(track).samples()) {
    sample.draw(context2d(canvas), 0, 0, width, height);
    sample.close();
    yield canvas;
  }
}

/** The first frame of a video, small. Throws where this browser cannot decode it. */
export async function videoStill(file: Blob): Promise<{ readonly facts: TabletFacts; readonly still: Blob }> {
  const video = await open(file);
  const facts: TabletFacts = {
    ...photographFacts("video", video.size.width, video.size.height),
    kind: "clip",
    frames: Math.max(1, video.count),
    frame_time_ms: video.frameMs,
  };
  for await (const canvas of canvases(video, PREVIEW_SIDE)) {
    return { facts, still: await encoded(canvas) };
  }
  throw new Error("there is no frame in this video");
}

/** Every frame of a video, for a small clip. */
export async function videoFrames(file: Blob): Promise<ClipFrames> {
  const video = await open(file);
  return { size: video.size, count: video.count, frameMs: video.frameMs, frames: () => canvases(video, CLIP_SIDE) };
}
