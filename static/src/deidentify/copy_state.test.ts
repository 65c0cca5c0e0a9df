import { expect, test } from "vitest";
import { type Item, type Mask, between, nextOpen, nudged } from "./copy_state";

const item = { columns: 100, rows: 60 } as Item;

function mask(id: string, open: boolean, likely = true): Mask {
  const decision = open ? "open" : "accepted";
  return { id, x: 0, y: 0, width: 10, height: 10, origin: "text", likely, decision, open };
}

test("the next place is the next likely one, round the end, and never the one just decided", () => {
  const masks = [mask("a", true), mask("b", false), mask("c", true, false), mask("d", true)];
  expect(nextOpen(masks, "a")?.id).toBe("d");
  expect(nextOpen(masks, "d")?.id).toBe("a");
  expect(nextOpen([mask("a", true), mask("c", true, false)], "a")?.id).toBe("c");
  expect(nextOpen([mask("a", true)], "a")).toBeUndefined();
});

test("a box drawn in any direction is the same and stays in the picture", () => {
  const box = { x: 10, y: 20, width: 30, height: 10 };
  expect(between({ x: 10, y: 20 }, { x: 40, y: 30 }, item)).toEqual(box);
  expect(between({ x: 40, y: 30 }, { x: 10, y: 20 }, item)).toEqual(box);
  expect(between({ x: -5, y: -5 }, { x: 500, y: 500 }, item)).toEqual({ x: 0, y: 0, width: 100, height: 60 });
});

test("arrow keys move a box and, with shift, change its size, within the picture", () => {
  const box = { x: 95, y: 0, width: 5, height: 5 };
  expect(nudged(box, "ArrowRight", false, 2, item)).toEqual(box);
  expect(nudged(box, "ArrowLeft", false, 2, item)?.x).toBe(93);
  expect(nudged(box, "ArrowRight", true, 2, item)?.width).toBe(5);
  expect(nudged(box, "ArrowUp", true, 2, item)?.height).toBe(4);
  expect(nudged(box, "Enter", false, 2, item)).toBeUndefined();
});
