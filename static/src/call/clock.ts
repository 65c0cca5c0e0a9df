/** Time, so that tests can move it by hand. All in milliseconds. */
export interface Clock {
  now(): number;
  /** Runs once, after `delay`; returns what cancels it. */
  after(delay: number, run: () => void): () => void;
  /** Runs each `period`; returns what stops it. */
  every(period: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
  every: (period, run) => {
    const timer = setInterval(run, period);
    return () => clearInterval(timer);
  },
};
