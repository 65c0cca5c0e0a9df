const MOST_BYTES = 128 * 1024 * 1024;
const MOST_FRAMES = 40;
const LEAST_FRAMES = 24; // two groups of pictures, or playing would decode each of them twice

/** Decoded frames by index; forgets the one longest unseen when there are too many for the tablet's memory. */
export class FrameCache {
  private readonly frames = new Map<number, ImageBitmap>();

  /** The frame on the screen, which must not be forgotten. */
  pinned = -1;

  constructor(private readonly most: number) {}

  /** Room for about 40 frames, fewer when they are large. */
  static forSize(width: number, height: number): FrameCache {
    const fitting = Math.floor(MOST_BYTES / (width * height * 4));
    return new FrameCache(Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, fitting)));
  }

  get(index: number): ImageBitmap | undefined {
    const frame = this.frames.get(index);
    if (frame) {
      this.frames.delete(index);
      this.frames.set(index, frame);
    }
    return frame;
  }

  has(index: number): boolean {
    return this.frames.has(index);
  }

  get size(): number {
    return this.frames.size;
  }

  put(index: number, frame: ImageBitmap): void {
    this.frames.get(index)?.close();
    this.frames.delete(index);
    this.frames.set(index, frame);
    for (const [oldest, old] of this.frames) {
      if (this.frames.size <= this.most) {
        return;
      }
      if (oldest !== this.pinned) {
        this.frames.delete(oldest);
        old.close();
      }
    }
  }

  clear(): void {
    for (const frame of this.frames.values()) {
      frame.close();
    }
    this.frames.clear();
  }
}
