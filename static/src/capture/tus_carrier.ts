import type { DetailedError, HttpRequest, Upload, UploadOptions } from "tus-js-client";
import { t } from "../ui/text";
import type { Pacer } from "./pacer";
import type { AheadOutcome, Carrier, Door, Journey, Opened, Outcome } from "./door";
import { SendingProblem, type KeptRecord, type Problem } from "./transfer";

const ENDPOINT = "/imaging/uploads";
const ANSWER_MS = 30_000;
const BODY_MS = 120_000; // with a preview of 60 KB over the thinnest of links

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What a failed request means: a refusal of the server's that stays one, or something that may come right. */
export function problemOf(status: number, body: string): Problem {
  const error = property(parsed(body), "error");
  const told = property(error, "message");
  const message = typeof told === "string" ? told : null;
  const code = property(error, "code");
  if (status === 507 && message !== null) {
    return { kind: "later", reason: message };
  }
  if (code === "signed_out" || code === "stale_form" || status === 401) {
    return { kind: "later", reason: t("You are signed out. It goes on when you have signed in again.") };
  }
  if (status < 400 || status >= 500 || [408, 409, 423, 429].includes(status)) {
    return status === 429 && message !== null ? { kind: "network", reason: message } : { kind: "network" };
  }
  if (status === 410 || (status === 404 && body === "")) {
    return { kind: "gone" };
  }
  return { kind: "refused", reason: message ?? t("The server did not take this file. Try another one.") };
}

function problem(error: Error | DetailedError): Problem {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (response) {
    return problemOf(response.getStatus(), response.getBody());
  }
  const cause = "causingError" in error ? error.causingError : error;
  return isUnreadable(cause) ? { kind: "unreadable" } : { kind: "network" };
}

/** A file that was moved, changed or pulled out with its stick; browsers say so in several ways. */
function isUnreadable(error: unknown): boolean {
  const name = property(error, "name") ?? (error instanceof Error ? error.name : "");
  return name === "NotReadableError" || name === "NotFoundError";
}

class TusCarrier implements Carrier {
  private upload: Upload | undefined;
  private wanted = true;
  private begun = 0;
  private piece = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private go: (() => void) | undefined;

  constructor(
    private readonly file: File,
    private readonly record: KeptRecord,
    private readonly journey: Journey,
    private readonly pacer: Pacer,
  ) {
    void this.start();
  }

  stop(): void {
    this.wanted = false;
    clearTimeout(this.timer);
    this.go?.();
    void this.upload?.abort();
  }

  private async start(): Promise<void> {
    try {
      const { Upload } = await import("tus-js-client");
      this.upload = new Upload(this.file, this.options());
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
      // No endpoint: an upload that the server no longer knows is begun again by the queue, which says so.
      uploadUrl: `${ENDPOINT}/${this.record.uploadId ?? ""}`,
      headers: { "X-CSRFToken": csrfToken() },
      chunkSize: this.pacer.chunkBytes,
      retryDelays: null,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => this.before(request),
      onProgress: (sent) => this.wanted && this.journey.progress(sent),
      onChunkComplete: (bytes, accepted) => this.accepted(bytes, accepted),
      onSuccess: () => this.wanted && this.journey.done(),
      onError: (error) => this.failed(error),
    };
  }

  /** Before each piece: its share of the line is waited for, and the whole file's checksum goes with it. */
  private async before(request: HttpRequest): Promise<void> {
    if (request.getMethod() !== "PATCH") {
      return;
    }
    await this.pause(this.pacer.pauseMs);
    if (!this.wanted) {
      throw new Error("stopped");
    }
    if (this.record.sha256 !== null) {
      request.setHeader("Repr-Digest", `sha-256=:${base64(this.record.sha256)}:`);
    }
    this.piece = this.upload?.options.chunkSize ?? 0;
    this.pacer.began(this.piece);
    this.begun = performance.now();
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.go = resolve;
      this.timer = setTimeout(resolve, milliseconds);
    });
  }

  private accepted(bytes: number, accepted: number): void {
    this.pacer.took(bytes, performance.now() - this.begun);
    if (this.upload) {
      this.upload.options.chunkSize = this.pacer.chunkBytes;
    }
    if (this.wanted) {
      this.journey.accepted(accepted);
    }
  }

  private failed(error: Error | DetailedError): void {
    if (this.wanted) {
      this.wanted = false;
      this.pacer.failed();
      this.journey.failed(problem(error));
    }
  }
}

function base64(hexadecimal: string): string {
  return btoa(String.fromCharCode(...(hexadecimal.match(/../g) ?? []).map((pair) => parseInt(pair, 16))));
}

/** Names and ids as tus wants them in Upload-Metadata: base64 of UTF-8. */
function metadata(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`)
    .join(",");
}

interface Asked {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: FormData | null;
}

async function ask(url: string, { method, headers, body = null }: Asked, signal: AbortSignal | null): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), body ? BODY_MS : ANSWER_MS);
  const forward = (): void => controller.abort();
  signal?.addEventListener("abort", forward);
  try {
    const own = { Accept: "application/json", "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0", ...headers };
    return await fetch(url, { method, headers: own, body, credentials: "same-origin", signal: controller.signal });
  } catch {
    signal?.throwIfAborted();
    throw new SendingProblem({ kind: "network" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}

async function open(record: KeptRecord, signal: AbortSignal, along: FormData | null): Promise<Opened> {
  const { name: filename, caseId: case_id, sha256, side } = record;
  const told = { filename, case_id, ...(sha256 === null ? {} : { sha256 }), ...(side ? { side } : {}) };
  const headers = { "Upload-Length": String(record.size), "Upload-Metadata": metadata(told) };
  const response = await ask(ENDPOINT, { method: "POST", headers, body: along }, signal);
  const body = await response.text();
  const id = property(parsed(body), "id");
  if (!response.ok || typeof id !== "string") {
    throw new SendingProblem(response.ok ? { kind: "network" } : problemOf(response.status, body));
  }
  const state = property(parsed(body), "state");
  const received = Number(response.headers.get("Upload-Offset") ?? 0);
  return { uploadId: id, received, whole: state === "checking" || state === "stored", ahead: aheadIn(parsed(body)) };
}

const AHEAD: readonly AheadOutcome[] = ["shown", "here", "late", "refused"];

function aheadIn(body: unknown): AheadOutcome | null {
  return AHEAD.find((one) => one === property(body, "preview")) ?? null;
}

async function outcome(uploadId: string): Promise<Outcome> {
  const response = await ask(`${ENDPOINT}/${uploadId}`, { method: "GET" }, null);
  const body = parsed(await response.text());
  if (response.status === 404 && property(property(body, "error"), "code") === "not_found") {
    return { state: "gone" };
  }
  const state = property(body, "state");
  switch (state) {
    case "checking":
    case "stored":
    case "receiving":
      return { state };
    case "cancelled":
      return { state: "gone" };
    case "refused": {
      const reason = property(body, "reason");
      const words = typeof reason === "string" ? reason : t("This file could not be used.");
      return { state, code: String(property(body, "reason_code")), reason: words };
    }
    default:
      throw new SendingProblem({ kind: "network" });
  }
}

/** Takes an upload, such as a refused one, off the server's list; gives the sentence to show when it stays. */
export async function endUpload(uploadId: string): Promise<string> {
  const response = await ask(`${ENDPOINT}/${uploadId}`, { method: "DELETE" }, null);
  const found = response.ok ? undefined : problemOf(response.status, await response.text());
  return found?.kind === "refused" ? found.reason : "";
}

/** The server's door for files, tus 1.0; the client library is loaded with the first file. */
export const tusDoor: Door = {
  open,
  carry: (file, record, journey, pacer) => new TusCarrier(file, record, journey, pacer),
  outcome,
  end: async (uploadId) => {
    await endUpload(uploadId);
  },
};
