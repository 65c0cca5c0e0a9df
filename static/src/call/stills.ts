import type { Clock } from "./clock";

export const STILL_EVERY_MS = 4_000;
/** A still is spread over this long, so that no word waits behind it. */
export const SPREAD_MS = 3_000;
export const PIECE_BYTES = 1_000;
export const LARGEST_STILL_BYTES = 16_000;
const SMALLEST_STILL_BYTES = 3_000;
const UNKNOWN_STILL_BYTES = 6_000;
const SHARE_OF_ROOM = 0.6;
const VOICE_BITS = 32_000; // on the wire, headers included

/** A sharp picture every few seconds, in place of a moving one. */
export interface Still {
  readonly url: string;
  /** When the camera saw it, by our own clock. */
  readonly takenAt: number;
}

interface Head {
  readonly still: number;
  readonly type: string;
  /** Milliseconds since the camera saw it. */
  readonly age: number;
}

export interface StillSenderOptions {
  readonly clock: Clock;
  /** The camera's picture as a file of at most so many bytes; null while there is none. */
  grab(bytes: number): Promise<Blob | null>;
  /** False when it cannot be taken now: what was begun is given up, the next still comes soon. */
  send(piece: string | ArrayBuffer): boolean;
  /** What the path carries, in bits per second; null where nobody knows. */
  available(): number | null;
  sent(bytes: number): void;
}

/** How large a still may be, so that it leaves the voice its room. */
export function stillBytes(available: number | null): number {
  if (available === null) {
    return UNKNOWN_STILL_BYTES;
  }
  const room = ((available - VOICE_BITS) * SHARE_OF_ROOM * STILL_EVERY_MS) / 8000;
  return Math.round(Math.min(LARGEST_STILL_BYTES, Math.max(SMALLEST_STILL_BYTES, room)));
}

/** Sends the camera's stills in small pieces while it runs. */
export class StillSender {
  private running = false;
  private stop: () => void = () => undefined;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: StillSenderOptions) {}

  /** Begins or ends; telling it twice changes nothing. */
  run(on: boolean): void {
    if (on === this.running) {
      return;
    }
    this.running = on;
    this.stop();
    this.cancel();
    if (on) {
      this.stop = this.options.clock.every(STILL_EVERY_MS, () => void this.one());
      void this.one();
    }
  }

  private async one(): Promise<void> {
    const { options } = this;
    const takenAt = options.clock.now();
    const blob = await options.grab(stillBytes(options.available()));
    if (blob === null) {
      return;
    }
    const bytes = await blob.arrayBuffer();
    const head: Head = { still: bytes.byteLength, type: blob.type, age: options.clock.now() - takenAt };
    if (this.running && options.send(JSON.stringify(head))) {
      this.pieces(bytes, 0, SPREAD_MS / Math.max(1, Math.ceil(bytes.byteLength / PIECE_BYTES)));
    }
  }

  private pieces(bytes: ArrayBuffer, from: number, pause: number): void {
    const piece = bytes.slice(from, from + PIECE_BYTES);
    if (!this.running || !this.options.send(piece)) {
      return;
    }
    this.options.sent(piece.byteLength);
    if (from + PIECE_BYTES < bytes.byteLength) {
      this.cancel = this.options.clock.after(pause, () => this.pieces(bytes, from + PIECE_BYTES, pause));
    }
  }
}

/** Puts the pieces together again; the last whole still is kept. */
export class StillReceiver {
  private head: Head | null = null;
  private headAt = 0;
  private parts: ArrayBuffer[] = [];
  private got = 0;

  constructor(
    private readonly clock: Clock,
    /** The picture and when it was taken. */
    private readonly onStill: (blob: Blob, takenAt: number) => void,
  ) {}

  /** Half of `roundTrip` (milliseconds) is how long the beginning was on its way. */
  received(piece: string | ArrayBuffer, roundTrip: number | null): void {
    if (typeof piece === "string") {
      this.head = parseHead(piece);
      this.headAt = this.clock.now() - (roundTrip ?? 0) / 2;
      this.parts = [];
      this.got = 0;
      return;
    }
    if (this.head === null) {
      return;
    }
    this.parts.push(piece);
    this.got += piece.byteLength;
    if (this.got >= this.head.still) {
      const { type, age, still } = this.head;
      this.head = null;
      if (this.got === still) {
        this.onStill(new Blob(this.parts, { type }), this.headAt - age);
      }
    }
  }
}

function parseHead(text: string): Head | null {
  try {
    const { still, type, age } = JSON.parse(text) as Record<string, unknown>;
    const fits = typeof still === "number" && still > 0 && still <= LARGEST_STILL_BYTES;
    const isPicture = type === "image/webp" || type === "image/jpeg";
    return fits && isPicture && typeof age === "number" && age >= 0 ? { still, type, age } : null;
  } catch {
    return null; // not from this program
  }
}
