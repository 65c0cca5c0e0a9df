import { describe, expect, test } from "vitest";
import { fingerprint, problemOf } from "./tus_carrier";

function file(name: string, size = 3, lastModified = 5): File {
  return new File([new Uint8Array(size)], name, { lastModified });
}

describe("what a failed request means", () => {
  test.each([0, 500, 502, 503, 409, 423, 429])("status %d is a link that may come back", (status) => {
    expect(problemOf(status, "")).toEqual({ kind: "network" });
  });

  test("a refusal says the server's own sentence", () => {
    const body = JSON.stringify({ error: { code: "too_big", message: "This file is larger than 500 MB." } });
    expect(problemOf(413, body)).toEqual({ kind: "refused", reason: "This file is larger than 500 MB." });
  });

  test("a refusal without a sentence gets one", () => {
    expect(problemOf(400, "<html>")).toMatchObject({ kind: "refused" });
    expect(problemOf(404, '{"error": 5}')).toMatchObject({ kind: "refused" });
  });
});

test("a file is known again by case, name, size and time, and its name is not kept", () => {
  const first = fingerprint("case", file("patient-name.dcm"));
  expect(fingerprint("case", file("patient-name.dcm"))).toBe(first);
  expect(first).not.toContain("patient");
  const others = [
    fingerprint("other", file("patient-name.dcm")),
    fingerprint("case", file("patient-nama.dcm")),
    fingerprint("case", file("patient-name.dcm", 4)),
    fingerprint("case", file("patient-name.dcm", 3, 6)),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});
