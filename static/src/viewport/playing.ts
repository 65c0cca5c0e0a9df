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
