import { beforeEach, expect, test } from "vitest";
import { icon } from "./icon";

beforeEach(() => {
  const meta = document.createElement("meta");
  meta.name = "icon-sprite";
  meta.content = "/static/assets/icons-12345678.svg";
  document.head.replaceChildren(meta);
});

test("an icon refers to its symbol in the sprite and is hidden from screen readers", () => {
  const drawing = icon("mic");
  expect(drawing.outerHTML).toBe(
    '<svg class="icon" aria-hidden="true"><use href="/static/assets/icons-12345678.svg#mic"></use></svg>',
  );
  expect(drawing.namespaceURI).toBe("http://www.w3.org/2000/svg");
});
