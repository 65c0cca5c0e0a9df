import { warmHashing } from "./hashing";
import { hooks, type Prepared } from "./hooks";
import type { NoPreviewReason } from "./no_preview";

const WARM_AFTER_MS = 1500; // the page itself comes first

async function prepare(file: File, signal: AbortSignal): Promise<Prepared | NoPreviewReason> {
  const [{ makePreview }, { previewForm, sendPreviewClip }] = await Promise.all([
    import("./preview"),
    import("./preview_send"),
  ]);
  const preview = await makePreview(file, signal, () => undefined);
  if (typeof preview === "string") {
    return preview;
  }
  let wanted = preview.clip;
  return {
    face: preview.still,
    along: previewForm(preview),
    settled: (outcome) => {
      wanted = outcome === "shown" ? wanted : null;
    },
    more:
      preview.clip &&
      (async (uploadId, stop) => {
        const clip = wanted ? await wanted(stop, () => undefined) : null;
        if (clip) {
          await sendPreviewClip(uploadId, clip, stop);
        }
      }),
  };
}

/** Has the queue send a small picture of each file ahead of it; what makes them is loaded with the first file. */
export function offerPreviews(): void {
  hooks.prepare ??= prepare;
}

/** Loads that code while the page has nothing else to do: for pages where a file is likely to be chosen. */
export function warmPreviewsSoon(): void {
  setTimeout(() => void warm().catch(() => undefined), WARM_AFTER_MS);
}

async function warm(): Promise<void> {
  warmHashing();
  const [{ warmPreview }] = await Promise.all([import("./preview"), import("./preview_send"), import("tus-js-client")]);
  warmPreview();
}
