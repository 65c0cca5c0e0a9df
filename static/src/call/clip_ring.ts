const RING_MS = 8000;
const LEAST_MS = 2000;
const BITS_PER_SECOND = 4_000_000; // two rings of 8 s are 8 MB at most
const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/mp4;codecs=avc1.42E01E", "video/webm"];

/** Whether this browser can record at all. */
export function canRecord(): boolean {
  return "MediaRecorder" in globalThis;
}

class Recording {
  readonly startedAt = performance.now();
  private readonly recorder: MediaRecorder;
  private readonly chunks: Blob[] = [];
  private readonly stopped: Promise<void>;

  constructor(track: MediaStreamTrack) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(new MediaStream([track]), {
      ...(mimeType === undefined ? {} : { mimeType }),
      videoBitsPerSecond: BITS_PER_SECOND,
    });
    this.recorder.addEventListener("dataavailable", ({ data }) => void this.chunks.push(data));
    this.stopped = new Promise((resolve) => this.recorder.addEventListener("stop", () => resolve()));
    this.recorder.start();
  }

  get length(): number {
    return performance.now() - this.startedAt;
  }

  async end(): Promise<Blob> {
    if (this.recorder.state !== "inactive") {
      this.recorder.stop();
    }
    await this.stopped;
    return new Blob(this.chunks, { type: this.recorder.mimeType.split(";")[0] ?? "video/webm" });
  }
}

/** The next seconds of a track. */
export async function recordFor(track: MediaStreamTrack, ms: number): Promise<Blob> {
  const recording = new Recording(track);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    track.addEventListener("ended", () => {
      clearTimeout(timer); // unplugged: what was seen until then
      resolve();
    });
  });
  return recording.end();
}

/**
 * The last seconds of a track, kept ready: recordings that follow each other, of which only the last whole one and the
 * present one are held. A recording cut out of the middle of a file would not open, so each is a file of its own.
 */
export class ClipRing {
  private present: Recording | null = null;
  private last: Blob | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly track: MediaStreamTrack) {
    this.turn();
    track.addEventListener("ended", () => this.close());
  }

  /** The last 2 to 8 seconds; null when there are none. */
  async take(): Promise<Blob | null> {
    const { present } = this;
    if (present === null) {
      return this.last;
    }
    const isShort = present.length < LEAST_MS;
    const blob = await present.end();
    const found = isShort && this.last !== null ? this.last : blob;
    this.turn();
    return found;
  }

  close(): void {
    clearTimeout(this.timer);
    void this.present?.end();
    this.present = null;
    this.last = null;
  }

  private turn(): void {
    clearTimeout(this.timer);
    const before = this.present;
    void before?.end().then((blob) => (this.last = this.present === null ? null : blob));
    this.present = this.track.readyState === "live" ? new Recording(this.track) : null;
    this.timer = setTimeout(() => this.turn(), RING_MS);
  }
}
