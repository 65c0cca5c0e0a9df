import { expect, test } from "vitest";
import { linkWords, pathOf, verdictOf, type Link } from "./findings";

const GOOD: Link = { path: "direct", round_trip: 120, loss: 0, down_bps: 2_000_000, up_bps: 800_000 };

test.each([
  [{}, "picture"],
  [{ up_bps: 120_000 }, "stills"],
  [{ up_bps: 79_000 }, "voice"],
  [{ down_bps: 20_000 }, "text"],
  [{ round_trip: 1400 }, "stills"],
  [{ round_trip: 2500 }, "text"],
  [{ loss: 0.1 }, "stills"],
  [{ loss: 0.18 }, "voice"],
  [{ loss: null, round_trip: null }, "picture"],
  [{ down_bps: null }, "picture"],
  [{ down_bps: null, up_bps: null }, "text"],
] as const)("%o is told as %s", (changes, verdict) => {
  expect(verdictOf({ ...GOOD, ...changes })).toBe(verdict);
});

test.each([
  [["host", "srflx", "relay"], true, "direct"],
  [["host", "relay"], true, "relayed"],
  [["host"], true, "blocked"],
  [[], true, "blocked"],
  [["host"], false, "unknown"],
] as const)("candidates %o with servers %s mean %s", (kinds, hasServers, path) => {
  expect(pathOf(new Set(kinds), hasServers)).toBe(path);
});

test("what could not be measured is said and not made up", () => {
  expect(linkWords({ ...GOOD, loss: null, up_bps: null })).toBe(
    "Round trip 120 ms · loss not measured · down 2.0 Mbit/s · up: nothing went",
  );
});
