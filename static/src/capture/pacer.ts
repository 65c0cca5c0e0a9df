const SMALLEST_BYTES = 8 * 1024;
const SMALLEST_PACED_BYTES = 2 * 1024;
const FIRST_BYTES = 128 * 1024;
const LARGEST_BYTES = 1024 * 1024; // the server takes at most 2 MB a request
const WANTED_SECONDS = 8; // of one request: long beside a round trip, short beside a person's patience
const PACED_SECONDS = 0.4; // of one request while the voice goes first: a burst must not fill the line's buffers

/** How large the next piece is and how long to wait before it: by what the line did, and by what a call leaves. */
export class Pacer {
  private limit: number | null = null;
  private chunk = FIRST_BYTES;
  private freeAt = 0;
  private restsUntil = 0;

  constructor(private readonly now: () => number) {}

  /** At most this many bytes in a second, on average; null for as fast as it goes. */
  pace(bytesPerSecond: number | null): void {
    this.limit = bytesPerSecond;
    this.freeAt = 0;
  }

  /** Bytes of the next piece. */
  get chunkBytes(): number {
    if (this.limit === null) {
      return this.chunk;
    }
    return Math.round(Math.min(this.chunk, Math.max(SMALLEST_PACED_BYTES, this.limit * PACED_SECONDS)));
  }

  /** The line is wanted for something else for so long: no piece begins. */
  rest(milliseconds: number): void {
    this.restsUntil = Math.max(this.restsUntil, this.now() + milliseconds);
  }

  /** Milliseconds to wait before the next piece. */
  get pauseMs(): number {
    return Math.max(0, this.freeAt - this.now(), this.restsUntil - this.now());
  }

  /** A piece of `bytes` begins now: the next one may follow when its share of time is over. */
  began(bytes: number): void {
    if (this.limit !== null) {
      this.freeAt = Math.max(this.now(), this.freeAt) + (1000 * bytes) / Math.max(1, this.limit);
    }
  }

  /** A piece of `bytes` took so long; the next is as large as fills some seconds, at most twice or half this one. */
  took(bytes: number, milliseconds: number): void {
    if (bytes < this.chunkBytes / 2 || this.limit !== null) {
      return; // a file's last piece tells of the round trip rather than of the line
    }
    const wanted = (bytes / Math.max(1, milliseconds)) * 1000 * WANTED_SECONDS;
    this.chunk = Math.round(Math.min(LARGEST_BYTES, 2 * this.chunk, Math.max(SMALLEST_BYTES, wanted, this.chunk / 2)));
  }

  /** A piece was cut off: smaller ones lose less. */
  failed(): void {
    this.chunk = Math.max(SMALLEST_BYTES, Math.round(this.chunk / 2));
  }
}
