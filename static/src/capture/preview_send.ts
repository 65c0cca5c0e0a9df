import { ApiError } from "../ui/api";
import type { TabletClip, TabletPreview } from "./preview";

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

async function post(url: string, form: FormData, signal: AbortSignal): Promise<void> {
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
  if (response.status >= 500 || response.status === 423 || response.status === 429) {
    throw new ApiError("failed", "", { status: response.status });
  }
  // Any other refusal: a preview that is no good must not hold up its original.
}

/** The still and the facts, as they go with the opening of the upload. */
export function previewForm(preview: TabletPreview): FormData {
  const form = new FormData();
  form.set("facts", JSON.stringify(preview.facts));
  form.set("still", preview.still, "still");
  return form;
}

/** Sends the small clip, after the still. Rejects with an `ApiError` when the link failed: try again. */
export function sendPreviewClip(uploadId: string, clip: TabletClip, signal: AbortSignal): Promise<void> {
  const form = new FormData();
  form.set("index", JSON.stringify(clip.index));
  form.set("clip", clip.bytes, "clip");
  return post(`/imaging/uploads/${uploadId}/preview/clip`, form, signal);
}
