import type { Prepared } from "./hooks";
import { makePreview } from "./preview";
import { sendPreview, sendPreviewClip } from "./preview_send";

const nothing = (): void => undefined;

/** What goes ahead of a file: its small picture, and of a moving one a small clip once every file's picture is gone. */
export async function previewFirst(file: File, signal: AbortSignal): Promise<Prepared | null> {
  const preview = await makePreview(file, signal, nothing);
  if (!preview) {
    return null;
  }
  const { clip } = preview;
  return {
    face: preview.still,
    send: async (uploadId, stop) => {
      await sendPreview(uploadId, preview, stop);
    },
    more:
      clip &&
      (async (uploadId, stop) => {
        const made = await clip(stop, nothing);
        if (made) {
          await sendPreviewClip(uploadId, made, stop);
        }
      }),
  };
}
