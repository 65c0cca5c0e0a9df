import type { Viewport } from "../viewport/viewport";
import { followed, type Placement, type Size } from "../viewport/view";
import { defaultWindow, sameWindow } from "../viewport/voi_window";
import { rounded, type View, type ViewQuality } from "./schema";

function qualityOf(viewport: Viewport): ViewQuality {
  const { level } = viewport.quality();
  return level === "none" || level === "thumbnail" ? "preview" : level;
}

function precise(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** What this viewport shows, for others to follow; null while it shows nothing. */
export function viewOf(viewport: Viewport): View | null {
  const { instance, placement, size, playing } = viewport;
  if (!instance || instance.columns === 0 || size.width === 0 || size.height === 0) {
    return null;
  }
  return {
    instance: instance.id,
    frame: viewport.wantedFrame,
    center: [rounded(placement.center.x), rounded(placement.center.y)],
    zoom: precise(placement.zoom),
    width_px: size.width,
    height_px: size.height,
    rotation: placement.rotation,
    flip: placement.flip,
    invert: viewport.inverted,
    window: instance.photometric === "RGB" && sameWindow(viewport.window, defaultWindow(instance)) ? null : viewport.window,
    playing,
    quality: qualityOf(viewport),
  };
}

/** Where a follower's viewport of size `mine` puts the image so that it shows what the view's owner sees. */
export function placementOf(view: View, mine: Size, image: Size): Placement {
  const [x, y] = view.center;
  const theirs = { center: { x, y }, zoom: view.zoom, rotation: view.rotation, flip: view.flip };
  return followed(theirs, { width: view.width_px, height: view.height_px }, mine, image);
}

/** Whether the pieces that two views show, and how, are the same; quality aside. */
export function sameSight(a: View | null, b: View | null): boolean {
  if (!a || !b) {
    return a === b;
  }
  return JSON.stringify({ ...a, quality: "" }) === JSON.stringify({ ...b, quality: "" });
}

/** Shows in `viewport` what `view` says of the instance that is on show there already. */
export function follow(viewport: Viewport, view: View): void {
  const instance = viewport.instance;
  if (instance?.id !== view.instance) {
    return;
  }
  viewport.setTone(view.window ?? defaultWindow(instance), view.invert, false);
  viewport.setPlacement(placementOf(view, viewport.size, viewport.imageSize), false);
  if (view.playing) {
    viewport.follow(view.playing);
  } else {
    viewport.seek(view.frame);
  }
}
