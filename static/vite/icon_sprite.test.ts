// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { iconNames, sprite, symbol } from "./icon_sprite.ts";

const root = join(import.meta.dirname, "..");
const icons = join(root, "node_modules/lucide-static/icons");

function sources(folder: string, suffix: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(folder, name));
}

function used(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of [...sources(join(root, "src"), ".ts"), ...sources(join(root, "../templates"), ".html")]) {
    for (const match of readFileSync(file, "utf8").matchAll(/\bicon\(\s*["']([a-z0-9-]+)["']/g)) {
      found.set(match[1] ?? "", file);
    }
  }
  return found;
}

test("a symbol carries the icon's shapes and takes the colour of the text", () => {
  const made = symbol("check", readFileSync(join(icons, "check.svg"), "utf8"));
  expect(made).toMatch(/^<symbol id="check" viewBox="0 0 24 24" fill="none" stroke="currentColor".*<path d="[^"]+" \/><\/symbol>$/);
});

test("an icon that the package does not have is named in the error", () => {
  expect(() => sprite(["check", "no-such-icon"], icons)).toThrow("no-such-icon");
});

test("every icon asked for in a script or a page is in the sprite", () => {
  const names = new Set(iconNames(root));
  expect([...used()].filter(([name]) => !names.has(name))).toEqual([]);
});
