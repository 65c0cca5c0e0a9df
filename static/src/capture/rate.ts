const WINDOW_MS = 30_000;
const ENOUGH_MS = 4000;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** How fast bytes have been going over the last half minute, stalls included. Knows no clock of its own. */
export class Rate {
  private samples: Sample[] = [];
  private total = 0;

  /** `bytes` more were sent by the moment `at` (milliseconds). */
  add(bytes: number, at: number): void {
    this.total += bytes;
    this.samples.push({ at, bytes: this.total });
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) > WINDOW_MS) {
      this.samples.shift();
    }
  }

  /** What was counted before says nothing about what comes: a pause, another network. */
  reset(): void {
    this.samples = [];
  }

  /** Bytes in a second, or null while too little is known. */
  perSecond(now: number): number | null {
    const first = this.samples[0];
    if (!first || now - first.at < ENOUGH_MS) {
      return null;
    }
    return (1000 * (this.total - first.bytes)) / (now - first.at);
  }

  /** Seconds that `bytes` more will take at this pace; null while nobody can say. */
  secondsFor(bytes: number, now: number): number | null {
    const pace = this.perSecond(now);
    return pace === null || pace < 1 ? null : bytes / pace;
  }
}
