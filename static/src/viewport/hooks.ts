import type { RendererChoice } from "./choose_renderer";
import type { ToolHandler } from "./controls";
import type { Touch } from "./gestures";
import type { Matrix } from "./view";

/** What changed: where the image stands or how it is toned, which frame, which picture, how good, how large. */
export type Change = "view" | "frame" | "picture" | "quality" | "size";

export interface ViewportHooks {
  /** A person asks to move or play; false refuses. */
  mayMove(): boolean;
  changed(change: Change, byPerson: boolean): void;
  /** After each drawing: the matrix from image px to CSS px. */
  drawn(matrix: Matrix): void;
  /** Something under the pointer takes the drag for itself, before the tool does. */
  grab(at: Touch): ToolHandler | null;
  hover(at: Touch | null): void;
  /** True if the tap meant something and is used up. */
  tapped(at: Touch): boolean;
  /** A key that the viewport has no use for; true if it was used. */
  key(event: KeyboardEvent): boolean;
}

export interface ViewportOptions {
  readonly hooks: ViewportHooks;
  /** The server's time in ms. */
  readonly now: () => number;
  readonly renderer?: RendererChoice;
  readonly slowLink?: () => boolean;
  /** Play clips with the video element even where WebCodecs is there. */
  readonly withVideo?: boolean;
}
