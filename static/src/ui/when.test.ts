import { beforeEach, describe, expect, test } from "vitest";
import { duration, localiseTimes, when } from "./when";

const noon = new Date(2026, 10, 5, 12, 0, 0);
const before = (seconds: number): Date => new Date(noon.getTime() - seconds * 1000);

beforeEach(() => {
  document.documentElement.lang = "en";
  document.body.replaceChildren();
});

describe("a length of time", () => {
  test.each([
    [-5, "0 s"],
    [40.9, "40 s"],
    [7 * 60 + 30, "7 min"],
    [2 * 3600 + 5 * 60, "2 h 5 min"],
    [3 * 3600, "3 h"],
    [26 * 3600, "1 day"],
    [3 * 86400, "3 days"],
  ])("%s seconds are said as %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe("a moment", () => {
  test.each([
    [20, "just now"],
    [-20, "just now"],
    [7 * 60, "7 min ago"],
    [3 * 3600, "today 09:00"],
    [20 * 3600, "yesterday 16:00"],
  ])("%s seconds ago is said as %s", (seconds, words) => {
    expect(when(before(seconds), noon)).toBe(words);
  });

  test("an older one carries its date", () => {
    expect(when(before(10 * 86400), noon)).toMatch(/26.Oct.2026, 12:00/);
  });
});

test("the page's times are said in words, with the full moment as title", () => {
  const time = document.createElement("time");
  time.dateTime = before(7 * 60).toISOString();
  time.dataset.time = "since";
  document.body.append(time);
  localiseTimes(document, noon);
  expect(time.textContent).toBe("7 min");
  expect(time.title).toMatch(/5.Nov.2026, 11:53/);
});

test("a time that cannot be read stays as the server wrote it", () => {
  const time = document.createElement("time");
  time.dateTime = "soon";
  time.dataset.time = "when";
  time.textContent = "soon";
  document.body.append(time);
  localiseTimes(document, noon);
  expect(time.textContent).toBe("soon");
});
