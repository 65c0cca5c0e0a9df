import { ApiError } from "../ui/api";
import type { TabletClip, TabletPreview } from "./preview";

/**
 * shown: the case's other viewers see it, or soon will. here: the case has this picture already. late: the original was
 * faster. refused: the server cannot use it; the original decides.
 */
export type PreviewOutcome = "shown" | "here" | "late" | "refused";

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

async function post(url: string, form: FormData, signal: AbortSignal): Promise<PreviewOutcome> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: form,
      headers: { "X-CSRFToken": csrfToken() },
      credentials: "same-origin",
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ApiError("offline", error instanceof Error ? error.message : "");
  }
  if (response.ok) {
    const { preview } = (await response.json()) as { preview: "shown" | "here" | "late" };
    return preview;
  }
  if (response.status >= 500 || response.status === 423 || response.status === 429) {
    throw new ApiError("failed", "", { status: response.status });
  }
  return "refused"; // a preview that is no good must not hold up its original
}

/** Sends the still and the facts of an upload that is open. Rejects with an `ApiError` when the link failed: try again. */
export function sendPreview(uploadId: string, preview: TabletPreview, signal: AbortSignal): Promise<PreviewOutcome> {
  const form = new FormData();
  form.set("facts", JSON.stringify(preview.facts));
  form.set("still", preview.still, "still");
  return post(`/imaging/uploads/${uploadId}/preview`, form, signal);
}

/** The same for the small clip, after the still. */
export function sendPreviewClip(uploadId: string, clip: TabletClip, signal: AbortSignal): Promise<PreviewOutcome> {
  const form = new FormData();
  form.set("index", JSON.stringify(clip.index));
  form.set("clip", clip.bytes, "clip");
  return post(`/imaging/uploads/${uploadId}/preview/clip`, form, signal);
}
