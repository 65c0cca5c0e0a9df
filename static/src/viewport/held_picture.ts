import type { InstanceManifest } from "./manifest";
import type { Picture, Quality } from "./picture";
import type { Scene } from "./renderer";

const NOTHING: Quality = { level: "none", lossless: 0, fetching: false, approximate: false, small: false, offered: false };

/** Whether its file names another patient and nobody has decided yet. */
export function isHeld(manifest: Pick<InstanceManifest, "hold">): boolean {
  return manifest.hold?.state === "open";
}

/** A picture that nobody may see until the treating doctor has decided whose it is: fetches and shows nothing. */
export class HeldPicture implements Picture {
  readonly shownFrame = 0;
  readonly failure = null;
  readonly received = 0;

  constructor(public manifest: InstanceManifest) {}

  update(manifest: InstanceManifest): void {
    this.manifest = manifest;
  }

  wantFrame(): void {
    // There is none to be had.
  }

  need(): void {
    // Nothing is fetched.
  }

  askForLossless(): void {
    // Nothing is fetched.
  }

  retry(): void {
    // The decision is not a matter of trying again.
  }

  scene(): Scene {
    const { columns, rows } = this.manifest;
    return { columns, rows, base: null, baseLut: null, tiles: null, lut: null };
  }

  quality(): Quality {
    return NOTHING;
  }

  close(): void {
    // Nothing was opened.
  }
}
