import type { MemberView } from "./member";

export type Kind = "voice" | "video" | "images";
export const KINDS = ["voice", "video", "images"] as const;
export type Use = Readonly<Record<Kind, number>>;

/** IPv4, UDP and RTP headers, SRTP's tag and extensions are paid for like everything else, but not in WebRTC's counters. */
const NOT_COUNTED = 1.25;

/** Bytes that this device has spent on one consult, both ways, by what they were spent on. */
export class DataMeter {
  private readonly totals: Record<Kind, number> = { voice: 0, video: 0, images: 0 };
  private told: Use = { voice: 0, video: 0, images: 0 };

  get use(): Use {
    return { ...this.totals };
  }

  add(kind: Kind, bytes: number): void {
    this.totals[kind] += Math.max(0, Math.round(bytes));
  }

  /** What the links carried in the last `milliseconds`, from their rates in bits per second. */
  look(members: readonly Pick<MemberView, "sample">[], milliseconds: number): void {
    for (const { sample } of members) {
      if (sample !== null) {
        const bytes = (bits: number): number => (bits * milliseconds * NOT_COUNTED) / 8000;
        this.add("voice", bytes(sample.voiceIn + sample.voiceOut));
        this.add("video", bytes(sample.pictureIn + sample.pictureOut));
      }
    }
  }

  /** What was spent since the last time that this was asked. */
  take(): Use {
    const now = this.use;
    const since = { voice: now.voice - this.told.voice, video: now.video - this.told.video, images: now.images - this.told.images };
    this.told = now;
    return since;
  }

  /** It could not be told: it counts with the next. */
  giveBack(use: Use): void {
    this.told = {
      voice: this.told.voice - use.voice,
      video: this.told.video - use.video,
      images: this.told.images - use.images,
    };
  }
}

/** "3.4 MB", as a bill counts: a million bytes each. */
export function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 100_000_000 ? 1 : 0);
}
