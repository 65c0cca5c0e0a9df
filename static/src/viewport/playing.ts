/** A running clip: at the server's time `at` (ms) frame `frame` (from 1) was shown; `rate` 1 is real time. */
export interface Playing {
  readonly at: number;
  readonly frame: number;
  readonly rate: number;
}

/** Which frame (from 1) a looping clip shows at `now`: the same on every machine whose clock follows the server's. */
export function frameAt(playing: Playing, now: number, frames: number, frameTimeMs: number): number {
  const steps = Math.floor((Math.max(0, now - playing.at) * playing.rate) / frameTimeMs);
  return ((((playing.frame - 1 + steps) % frames) + frames) % frames) + 1;
}

/** Whether a clip that does not loop has come to its end by `now`. */
export function ended(playing: Playing, now: number, frames: number, frameTimeMs: number): boolean {
  return playing.frame + Math.floor((Math.max(0, now - playing.at) * playing.rate) / frameTimeMs) > frames;
}

/** Which frame of a picture is wanted at this moment: stands, or runs with the server's time. */
export class Playback {
  /** The wanted frame, from 1. */
  frame = 1;
  running: Playing | null = null;
  loop = true;
  /** When this frame began to be wanted, by `performance.now()`. */
  since = 0;
  private frames = 1;
  private frameTimeMs = 40;

  constructor(private readonly now: () => number) {}

  open(frames: number, frameTimeMs: number, frame: number): void {
    this.frames = frames;
    this.frameTimeMs = frameTimeMs;
    this.seek(frame);
    this.since = performance.now();
  }

  /** The same clip is better known: it stands or runs on from where it is. */
  learn(frames: number, frameTimeMs: number): void {
    this.frames = frames;
    this.frameTimeMs = frameTimeMs;
    this.want(Math.min(this.frame, frames));
  }

  /** Stands still at a frame, the nearest there is. */
  seek(frame: number): void {
    this.running = null;
    this.want(Math.min(Math.max(1, Math.round(frame)), this.frames));
  }

  /** Goes `by` frames on, around the end. */
  step(by: number): void {
    this.seek(((((this.frame - 1 + by) % this.frames) + this.frames) % this.frames) + 1);
  }

  /** Starts from the frame it stands at. */
  play(rate: number): void {
    if (this.frames > 1) {
      const frame = this.frame >= this.frames && !this.loop ? 1 : this.frame;
      this.running = { at: this.now(), frame, rate };
    }
  }

  /** Moves the wanted frame on to this moment; true if the clip has just come to its end. */
  advance(): boolean {
    if (!this.running) {
      return false;
    }
    const now = this.now();
    if (!this.loop && ended(this.running, now, this.frames, this.frameTimeMs)) {
      this.seek(this.frames);
      return true;
    }
    this.want(frameAt(this.running, now, this.frames, this.frameTimeMs));
    return false;
  }

  private want(frame: number): void {
    if (frame !== this.frame) {
      this.frame = frame;
      this.since = performance.now();
    }
  }
}
