import type { InstanceManifest } from "./manifest";
import type { Scene } from "./renderer";
import type { TileDecoder } from "./tile_decoder";
import type { Rect } from "./view";
import type { Tone } from "./voi_window";

export type QualityLevel = "none" | "thumbnail" | "tablet" | "preview" | "full" | "lossless" | "clip";

/** What the eye is given, honestly. `tablet`: what the sender's own device made, before the original was here. */
export interface Quality {
  readonly level: QualityLevel;
  /** How much of what is visible is lossless: 0 to 1. */
  readonly lossless: number;
  /** Lossless pixels are on their way. */
  readonly fetching: boolean;
  /** The window is computed from 8-bit pixels that had another window in them. */
  readonly approximate: boolean;
  /** A clip's first, small pass. */
  readonly small: boolean;
  /** Lossless pixels exist and can be asked for. */
  readonly offered: boolean;
}

/** What the viewport needs of a picture at this moment. */
export interface Need {
  /** Device px per image px. */
  readonly scale: number;
  readonly visible: Rect;
  readonly tone: Tone;
  /** The person has zoomed in beyond the whole image. */
  readonly zoomedIn: boolean;
  /** Spend no bytes that were not asked for by hand. */
  readonly thrifty: boolean;
}

export interface PictureDeps {
  readonly decoder: TileDecoder;
  /** Something new to draw, or to say. */
  readonly changed: () => void;
  /** Prefer a clip's small pass at first. */
  readonly slowLink: () => boolean;
  /** Use the video element even where WebCodecs is there (for trying it out). */
  readonly withVideo?: boolean;
}

/** What is loaded of one instance. */
export interface Picture {
  readonly manifest: InstanceManifest;
  /** The frame (from 1) that `scene` shows; 0 while there is nothing to show. */
  readonly shownFrame: number;
  /** Why nothing can be shown, as a sentence; null while all is well. */
  readonly failure: string | null;
  /** How much of the picture's file is here: 0 to 1. */
  readonly received: number;
  update(manifest: InstanceManifest): void;
  wantFrame(frame: number): void;
  need(need: Need): void;
  askForLossless(): void;
  retry(): void;
  scene(tone: Tone): Scene;
  quality(visible: Rect, tone: Tone): Quality;
  close(): void;
}

/** Which renditions a view of a still picture calls for. Lossless costs megabytes: only when it makes a difference. */
export function sharpening(options: {
  readonly scale: number;
  readonly previewScale: number;
  readonly toned: boolean;
  readonly zoomedIn: boolean;
  readonly asked: boolean;
  readonly thrifty: boolean;
}): { readonly full: boolean; readonly lossless: boolean } {
  const beyond = options.scale > options.previewScale * 1.05;
  const worth = options.toned || (beyond && options.zoomedIn);
  return { full: beyond || options.asked, lossless: options.asked || (worth && !options.thrifty) };
}
