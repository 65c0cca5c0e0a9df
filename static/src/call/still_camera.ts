const TRIES = [
  { width: 640, quality: 0.7 },
  { width: 480, quality: 0.65 },
  { width: 400, quality: 0.55 },
  { width: 320, quality: 0.5 },
  { width: 240, quality: 0.4 },
] as const;

/** Takes single pictures off the camera's track: the largest and sharpest that fits. */
export class StillCamera {
  private readonly video = document.createElement("video");
  private readonly canvas = document.createElement("canvas");
  private track: MediaStreamTrack | null = null;

  constructor() {
    this.video.muted = true;
    this.video.playsInline = true;
  }

  /** WebP (JPEG where the browser makes none) of at most `bytes`; null while the camera gives nothing. */
  async grab(track: MediaStreamTrack | null, bytes: number): Promise<Blob | null> {
    if (track === null) {
      this.track = null;
      this.video.srcObject = null;
      return null;
    }
    if (track !== this.track) {
      this.track = track;
      this.video.srcObject = new MediaStream([track]);
      await this.video.play().catch(() => undefined);
    }
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) {
      return null;
    }
    for (const { width, quality } of TRIES) {
      const blob = await this.encode(Math.min(width, videoWidth), videoHeight / videoWidth, quality);
      if (blob !== null && blob.size <= bytes) {
        return blob;
      }
    }
    return null;
  }

  private encode(width: number, ratio: number, quality: number): Promise<Blob | null> {
    this.canvas.width = width;
    this.canvas.height = Math.round(width * ratio);
    this.canvas.getContext("2d")?.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return new Promise((done) => this.canvas.toBlob(done, "image/webp", quality));
  }
}
