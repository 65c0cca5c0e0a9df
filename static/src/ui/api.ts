import { t } from "./text";

const TIME_OUT_MS = 20_000;
const TIMED_OUT = "timed out";
const CODES: Readonly<Record<number, string>> = { 401: "signed_out", 403: "not_allowed", 404: "not_found" };

/** Every way in which a request to the server can fail, with a sentence fit to be shown. */
export class ApiError extends Error {
  /** Stable: not_found, not_allowed, conflict, invalid, protocol_error; from here: offline, timeout, signed_out, failed. */
  readonly code: string;
  /** The form field that the server objects to, if it named one. */
  readonly field: string | undefined;
  /** The HTTP status, or 0 where no answer came. */
  readonly status: number;

  constructor(code: string, message: string, options: { field?: string | undefined; status?: number } = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.field = options.field;
    this.status = options.status ?? 0;
  }
}

export interface RequestOptions {
  /** Stops the request; the promise then rejects with the signal's own reason. */
  signal?: AbortSignal;
  /** Milliseconds until the request counts as failed. */
  timeout?: number;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) {
    return undefined;
  }
  try {
    return await response.json();
  } catch (error) {
    if (response.redirected) {
      throw new ApiError("signed_out", t("You are signed out. Sign in again to go on."), { status: 401 });
    }
    if (response.ok) {
      throw error;
    }
    return undefined;
  }
}

function refused(response: Response, body: unknown): ApiError {
  const error = record(record(body).error);
  const fallback =
    response.status === 401
      ? t("You are signed out. Sign in again to go on.")
      : t("Something went wrong on the server. Please try again.");
  const message = text(error.message) ?? fallback;
  const code = text(error.code) ?? CODES[response.status] ?? "failed";
  return new ApiError(code, message, { field: text(error.field), status: response.status });
}

function unanswered(timedOut: boolean): ApiError {
  if (timedOut) {
    return new ApiError("timeout", t("The server took too long to answer. The link may be weak: please try again."));
  }
  return new ApiError("offline", t("The server cannot be reached. Check the network, then try again."));
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

function init(method: string, body: unknown, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRFToken"] = csrfToken();
    headers["Content-Type"] = "application/json";
  }
  const given: RequestInit = { method, headers, credentials: "same-origin", signal };
  return method === "GET" ? given : { ...given, body: JSON.stringify(body ?? {}) };
}

/** Aborts when the time is up or when the caller's own signal does; `AbortSignal.any` is too new for old tablets. */
function deadline(options: RequestOptions): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(TIMED_OUT), options.timeout ?? TIME_OUT_MS);
  const forward = (): void => controller.abort();
  options.signal?.addEventListener("abort", forward);
  const stop = (): void => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", forward);
  };
  return { signal: controller.signal, stop };
}

async function send<T>(method: string, url: string, body: unknown, options: RequestOptions): Promise<T> {
  options.signal?.throwIfAborted();
  const { signal, stop } = deadline(options);
  try {
    const response = await fetch(url, init(method, body, signal));
    const answer = await readJson(response);
    if (!response.ok) {
      throw refused(response, answer);
    }
    return answer as T;
  } catch (error) {
    if (error instanceof ApiError) {
      throw error;
    }
    options.signal?.throwIfAborted();
    throw unanswered(signal.reason === TIMED_OUT);
  } finally {
    stop();
  }
}

/** Reads JSON. Rejects with an `ApiError` whose message can be shown as it is. */
export function getJson<T>(url: string, options: RequestOptions = {}): Promise<T> {
  return send<T>("GET", url, undefined, options);
}

/** Sends `body` as JSON with the page's CSRF token and gives the answer. Rejects with an `ApiError`. */
export function postJson<T>(url: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  return send<T>("POST", url, body, options);
}

/** As `postJson`, for a request that may safely be sent twice. */
export function putJson<T>(url: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  return send<T>("PUT", url, body, options);
}

/** As `postJson`, for a change of a part of what `url` names. */
export function patchJson<T>(url: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  return send<T>("PATCH", url, body, options);
}

/** Removes what `url` names. Rejects with an `ApiError`. */
export function deleteJson<T>(url: string, options: RequestOptions = {}): Promise<T> {
  return send<T>("DELETE", url, undefined, options);
}
