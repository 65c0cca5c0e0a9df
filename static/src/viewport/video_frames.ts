import { type ClipIndex, middleOf } from "./clip_index";
import { FrameCache } from "./frame_cache";
import type { FrameSource } from "./frames";
import type { Rendition } from "./manifest";

/** Without WebCodecs: a paused `<video>` sought to the middle of the frame. */
export class VideoFrames implements FrameSource {
  private readonly video = document.createElement("video");
  private readonly cache: FrameCache;
  private readonly loaded: Promise<void>;
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    mp4: Rendition,
    private readonly index: ClipIndex,
  ) {
    this.cache = FrameCache.forSize(index.width, index.height);
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.preload = "auto";
    this.loaded = new Promise((resolve, reject) => {
      this.video.addEventListener("loadeddata", () => resolve(), { once: true });
      this.video.addEventListener("error", () => reject(new Error("The clip cannot be played.")), { once: true });
    });
    this.video.src = mp4.url;
  }

  get received(): number {
    const { buffered, duration } = this.video;
    return buffered.length > 0 && duration > 0 ? buffered.end(buffered.length - 1) / duration : 0;
  }

  cached(index: number): ImageBitmap | undefined {
    return this.cache.get(index);
  }

  ready(): boolean {
    return true;
  }

  pin(index: number): void {
    this.cache.pinned = index;
  }

  frame(index: number): Promise<ImageBitmap> {
    const sought = this.line.then(async () => this.cache.get(index) ?? (await this.seek(index)));
    this.line = sought.catch(() => undefined);
    return sought;
  }

  close(): void {
    this.video.removeAttribute("src");
    this.video.load();
    this.cache.clear();
  }

  private async seek(index: number): Promise<ImageBitmap> {
    await this.loaded;
    const time = middleOf(this.index.frames, index);
    if (Math.abs(this.video.currentTime - time) > 1e-4) {
      const presented = this.presented();
      this.video.currentTime = time;
      await presented;
    }
    const bitmap = await createImageBitmap(this.video);
    this.cache.put(index, bitmap);
    return bitmap;
  }

  private presented(): Promise<void> {
    return new Promise((resolve) => {
      if ("requestVideoFrameCallback" in this.video) {
        this.video.requestVideoFrameCallback(() => resolve());
      } else {
        this.addSeeked(resolve);
      }
    });
  }

  private addSeeked(resolve: () => void): void {
    this.video.addEventListener("seeked", () => requestAnimationFrame(() => resolve()), { once: true });
  }
}
