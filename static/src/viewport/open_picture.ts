import { ClipPicture } from "./clip_picture";
import { HeldPicture, isHeld } from "./held_picture";
import type { InstanceManifest } from "./manifest";
import type { Picture, PictureDeps } from "./picture";
import { StillPicture } from "./still_picture";

/** The kind of picture that shows this instance: nothing at all while it is held. */
export function openPicture(manifest: InstanceManifest, deps: PictureDeps): Picture {
  if (isHeld(manifest)) {
    return new HeldPicture(manifest);
  }
  return manifest.kind === "clip" ? new ClipPicture(manifest, deps) : new StillPicture(manifest, deps);
}
