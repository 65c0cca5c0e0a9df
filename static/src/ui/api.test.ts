import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, deleteJson, getJson, postJson, putJson } from "./api";

type Fetch = typeof fetch;

function answer(status: number, body: string, redirected = false): Response {
  const response = new Response(status === 204 ? null : body, { status });
  Object.defineProperty(response, "redirected", { value: redirected });
  return response;
}

function serve(reply: Fetch): ReturnType<typeof vi.fn<Fetch>> {
  const spy = vi.fn(reply);
  vi.stubGlobal("fetch", spy);
  return spy;
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

const never: Fetch = (_url, options) =>
  new Promise((_resolve, reject) => {
    options?.signal?.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
  });

beforeEach(() => {
  const meta = document.createElement("meta");
  meta.name = "csrf-token";
  meta.content = "secret-token";
  document.head.replaceChildren(meta);
});

describe("requests", () => {
  test("reading sends no token and gives the JSON", async () => {
    const spy = serve(() => Promise.resolve(answer(200, '{"frames": 120}')));
    expect(await getJson<{ frames: number }>("/clip")).toEqual({ frames: 120 });
    expect(new Headers(spy.mock.calls[0]?.[1]?.headers).has("X-CSRFToken")).toBe(false);
  });

  test.each([
    ["POST", postJson],
    ["PUT", putJson],
    ["DELETE", deleteJson],
  ])("%s sends the page's token", async (method, request) => {
    const spy = serve(() => Promise.resolve(answer(204, "")));
    expect(await request("/draft", {})).toBeUndefined();
    const options = spy.mock.calls[0]?.[1];
    expect(options?.method).toBe(method);
    expect(new Headers(options?.headers).get("X-CSRFToken")).toBe("secret-token");
  });

  test("a body is sent as JSON", async () => {
    const spy = serve(() => Promise.resolve(answer(200, "{}")));
    await putJson("/draft", { findings: "Clear" });
    expect(spy.mock.calls[0]?.[1]?.body).toBe('{"findings":"Clear"}');
  });
});

describe("failures", () => {
  test("the server's refusal keeps its code, sentence, field and status", async () => {
    const body = JSON.stringify({ error: { code: "invalid", message: "Give an age.", field: "age" } });
    serve(() => Promise.resolve(answer(422, body)));
    expect(await failure(postJson("/patients"))).toMatchObject({
      code: "invalid",
      message: "Give an age.",
      field: "age",
      status: 422,
    });
  });

  test("an answer that is not JSON still makes a plain sentence", async () => {
    serve(() => Promise.resolve(answer(502, "<h1>Bad gateway</h1>")));
    const error = await failure(getJson("/cases"));
    expect(error.code).toBe("failed");
    expect(error.message).toBe("Something went wrong on the server. Please try again.");
  });

  test("being sent to the sign-in page says that one is signed out", async () => {
    serve(() => Promise.resolve(answer(200, "<form>", true)));
    expect((await failure(getJson("/cases"))).code).toBe("signed_out");
  });

  test("no network", async () => {
    serve(() => Promise.reject(new TypeError("Failed to fetch")));
    const error = await failure(getJson("/cases"));
    expect(error).toMatchObject({ code: "offline", status: 0 });
    expect(error.message).toContain("cannot be reached");
  });

  test("a page in place of data, as some public networks put up, counts as no network", async () => {
    serve(() => Promise.resolve(answer(200, "<h1>Welcome to the airport</h1>")));
    expect((await failure(getJson("/cases"))).code).toBe("offline");
  });

  test("no answer in time", async () => {
    vi.useFakeTimers();
    serve(never);
    const error = failure(getJson("/cases", { timeout: 3000 }));
    await vi.advanceTimersByTimeAsync(3000);
    expect((await error).code).toBe("timeout");
    vi.useRealTimers();
  });

  test("the caller's own abort is not dressed up as a failure", async () => {
    serve(never);
    const controller = new AbortController();
    const request = getJson("/cases", { signal: controller.signal });
    controller.abort(new Error("left the page"));
    await expect(request).rejects.toThrow("left the page");
  });
});
