import { NoPreview } from "./no_preview";
import type { PreviewReply, PreviewRequest } from "./preview_facts";
import { kindOf } from "./preview_kind";

/** Only the part of a worker's scope used here: the page's own types are loaded beside it. */
interface Scope {
  onmessage: ((event: MessageEvent<PreviewRequest>) => void) | null;
  postMessage(message: PreviewReply): void;
}

declare const self: Scope;

const NO_CLIP: PreviewReply = { kind: "none", why: "slow" };

function tell(share: number): void {
  self.postMessage({ kind: "progress", share });
}

async function still(file: File): Promise<PreviewReply> {
  const kind = await kindOf(file);
  tell(0.1);
  if (kind === "dicom") {
    const { dicomStill } = await import("./preview_dicom");
    return { kind: "still", ...(await dicomStill(file, tell)) };
  }
  if (kind === "unknown") {
    throw new NoPreview("unknown", "nothing here knows this kind of file");
  }
  if (kind === "video") {
    const { videoStill } = await import("./preview_video");
    return { kind: "still", ...(await videoStill(file)) };
  }
  const { photographStill } = await import("./preview_photo");
  return { kind: "still", ...(await photographStill(file, kind)) };
}

async function clip(file: File): Promise<PreviewReply> {
  const dicom = (await kindOf(file)) === "dicom";
  const frames = dicom
    ? await (await import("./preview_dicom")).dicomFrames(file)
    : await (await import("./preview_video")).videoFrames(file);
  const { encodedClip } = await import("./preview_clip");
  return (await encodedClip(frames, tell)) ?? NO_CLIP;
}

async function carryOut(request: PreviewRequest): Promise<PreviewReply | null> {
  switch (request.kind) {
    case "warm":
      await (await import("./preview_dicom")).rehearse();
      return null;
    case "still":
      return still(request.file);
    case "clip":
      return clip(request.file);
  }
}

self.onmessage = ({ data }) => {
  carryOut(data).then(
    (reply) => reply && self.postMessage(reply),
    (error: unknown) => {
      console.warn("no preview of this file:", error instanceof Error ? error.message : error);
      // Whatever a decoder says: the original goes alone.
      self.postMessage({ kind: "none", why: error instanceof NoPreview ? error.reason : "unreadable" });
    },
  );
};
