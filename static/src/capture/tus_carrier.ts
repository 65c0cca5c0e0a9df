import type { DetailedError, Upload, UploadOptions } from "tus-js-client";
import { t } from "../ui/text";
import type { Carrier, Carry, Journey, Problem } from "./upload";

const ENDPOINT = "/imaging/uploads";
const CHUNK_BYTES = 1024 * 1024; // the server takes at most 2 MB a request; what arrives of a cut one is kept
const STORED = "upload:";

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** Names one file of one case in this browser, without keeping its name (FNV-1a, 53 bits). */
export function fingerprint(caseId: string, file: File): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (const letter of `${caseId}|${file.name}|${file.size}|${file.lastModified}`) {
    const code = letter.codePointAt(0) ?? 0;
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  return STORED + ((high >>> 0) % 2 ** 21).toString(36) + (low >>> 0).toString(36);
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

/** What a failed request means: a refusal of the server's that stays one, or a link that may come back. */
export function problemOf(status: number, body: string): Problem {
  if (status < 400 || status >= 500 || status === 423 || status === 429 || status === 409) {
    return { kind: "network" };
  }
  let message: unknown;
  try {
    message = property(property(JSON.parse(body), "error"), "message");
  } catch {
    message = undefined;
  }
  const reason = typeof message === "string" ? message : t("The server did not take this file. Try another one.");
  return { kind: "refused", reason };
}

function problem(error: Error | DetailedError): Problem {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (response) {
    return problemOf(response.getStatus(), response.getBody());
  }
  if (error instanceof DOMException || error.name === "NotReadableError") {
    return { kind: "refused", reason: t("This device can no longer read the file. Choose it again.") };
  }
  return { kind: "network" };
}

class TusCarrier implements Carrier {
  private upload: Upload | undefined;
  private wanted = false;
  private readonly stored: string;

  constructor(
    private readonly file: File,
    private readonly caseId: string,
    private readonly journey: Journey,
  ) {
    this.stored = fingerprint(caseId, file);
  }

  start(): void {
    this.wanted = true;
    void this.go();
  }

  pause(): void {
    this.wanted = false;
    void this.upload?.abort();
  }

  async cancel(): Promise<void> {
    this.wanted = false;
    localStorage.removeItem(this.stored);
    try {
      await this.upload?.abort(true);
    } catch {
      // The server forgets unfinished uploads by itself.
    }
  }

  private async go(): Promise<void> {
    try {
      const { Upload } = await import("tus-js-client");
      this.upload ??= new Upload(this.file, this.options());
    } catch {
      this.journey.failed({ kind: "network" });
      return;
    }
    if (this.wanted) {
      this.upload.start();
    }
  }

  private options(): UploadOptions {
    return {
      endpoint: ENDPOINT,
      uploadUrl: localStorage.getItem(this.stored),
      metadata: { filename: this.file.name, case_id: this.caseId },
      headers: { "X-CSRFToken": csrfToken() },
      chunkSize: CHUNK_BYTES,
      retryDelays: null, // the queue tries again, and says so
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => this.opened(),
      onProgress: (sent) => this.journey.progress(sent),
      onSuccess: () => {
        localStorage.removeItem(this.stored);
        this.journey.done();
      },
      onError: (error) => this.failed(problem(error)),
    };
  }

  private failed(found: Problem): void {
    if (found.kind === "refused") {
      localStorage.removeItem(this.stored);
    }
    this.journey.failed(found);
  }

  private opened(): void {
    const url = this.upload?.url ?? "";
    localStorage.setItem(this.stored, url);
    this.journey.opened(url.slice(url.lastIndexOf("/") + 1));
  }
}

/** Takes an upload, such as a refused one, off the server's list; gives the sentence to show when it stays. */
export async function endUpload(uploadId: string): Promise<string> {
  const headers = { "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0" };
  const answer = await fetch(`${ENDPOINT}/${uploadId}`, { method: "DELETE", headers, credentials: "same-origin" });
  const found = answer.ok ? undefined : problemOf(answer.status, await answer.text());
  return found?.kind === "refused" ? found.reason : "";
}

/** Carries files into one case by tus 1.0; the client library is loaded with the first file. */
export function carryByTus(caseId: string): Carry {
  return (file, journey) => new TusCarrier(file, caseId, journey);
}
