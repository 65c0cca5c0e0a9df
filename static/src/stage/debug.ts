import { gridOf, hashOf } from "./hash";
import type { Viewport } from "../viewport/viewport";
import type { StageDebug } from "./options";
import type { Stage } from "./stage";

const PATIENCE_MS = 15_000;

/** The displayed frame's pixels once what is wanted is on the screen; null without a picture. */
async function settledPixels(stage: Stage): Promise<ImageData | null> {
  const { viewport } = stage;
  const until = performance.now() + PATIENCE_MS;
  const waiting = (): boolean => {
    const poster = viewport.instance?.kind === "clip" && viewport.quality().level !== "clip";
    return viewport.instance !== null && (poster || viewport.frame !== viewport.wantedFrame);
  };
  while (waiting() && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return viewport.readBack();
}

function drawings(stage: Stage): StageDebug["annotations"] {
  const unsent = stage.sync.unsent();
  return [...stage.document.annotations()].map(([id, annotation]) => ({ ...annotation, id, sent: !unsent.has(id) }));
}

function picture(viewport: Viewport) {
  const { placement, size } = viewport;
  const quality = viewport.quality();
  return {
    instance: viewport.instance?.id ?? null,
    frame: viewport.frame,
    wantedFrame: viewport.wantedFrame,
    playing: viewport.playing !== null,
    window: viewport.window,
    invert: viewport.inverted,
    center: [placement.center.x, placement.center.y] as const,
    zoom: placement.zoom,
    rotation: placement.rotation,
    flip: placement.flip,
    size: [size.width, size.height] as const,
    quality: quality.level,
    lossless: quality.lossless,
    renderer: viewport.rendererKind,
    draws: viewport.drawCount,
    notice: viewport.noticeText,
  };
}

/** What the stage shows at this moment, for tests. */
export function debugOf(stage: Stage): StageDebug {
  const { viewport, leading, document, sync, pointers } = stage;
  return {
    ...picture(viewport),
    presenter: leading.presenter,
    standing: leading.standing,
    following: leading.follows,
    annotations: drawings(stage),
    keyImages: [...document.keyImages().keys()],
    pointers: pointers.names(),
    synced: sync.isSynced,
    unsent: sync.pending,
    toPage: (x, y) => {
      const box = viewport.surface.getBoundingClientRect();
      const at = viewport.toScreen({ x, y });
      return [box.left + at.x, box.top + at.y];
    },
    pixelHash: async () => {
      const pixels = await settledPixels(stage);
      return pixels ? hashOf(pixels) : "";
    },
    pixelGrid: async () => {
      const pixels = await settledPixels(stage);
      return pixels ? gridOf(pixels) : [];
    },
  };
}
