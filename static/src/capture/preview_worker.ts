import type { PreviewReply, PreviewRequest } from "./preview_facts";
import { kindOf } from "./preview_kind";

/** Only the part of a worker's scope used here: the page's own types are loaded beside it. */
interface Scope {
  onmessage: ((event: MessageEvent<PreviewRequest>) => void) | null;
  postMessage(message: PreviewReply): void;
}

declare const self: Scope;

const NONE: PreviewReply = { kind: "none" };

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
    return NONE;
  }
  const { photographStill } = await import("./preview_photo");
  if (kind === "video") {
    return NONE;
  }
  return { kind: "still", ...(await photographStill(file, kind)) };
}

async function carryOut(request: PreviewRequest): Promise<PreviewReply | null> {
  switch (request.kind) {
    case "warm":
      await import("./preview_dicom");
      return null;
    case "still":
      return still(request.file);
    case "clip":
      return NONE;
  }
}

self.onmessage = ({ data }) => {
  carryOut(data).then(
    (reply) => reply && self.postMessage(reply),
    () => self.postMessage(NONE), // whatever a decoder says: the original goes alone
  );
};
