import { describe, expect, test } from "vitest";
import { problemOf } from "./tus_carrier";

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

  test("a server without room is asked again later, and its sentence is shown", () => {
    const body = JSON.stringify({ error: { code: "storage_full", message: "No room." } });
    expect(problemOf(507, body)).toEqual({ kind: "later", reason: "No room." });
  });

  test("whoever was signed out loses nothing", () => {
    expect(problemOf(404, JSON.stringify({ error: { code: "signed_out", message: "x" } }))).toMatchObject({ kind: "later" });
    expect(problemOf(400, JSON.stringify({ error: { code: "stale_form", message: "x" } }))).toMatchObject({ kind: "later" });
  });

  test("an upload that the server no longer knows is begun again", () => {
    expect([problemOf(410, ""), problemOf(404, "")]).toEqual([{ kind: "gone" }, { kind: "gone" }]);
  });
});
