import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const COMMENTS = /<!--[\s\S]*?-->/g;
const SVG_OPEN = /<svg[\s\S]*?>/;

/** One icon file of lucide-static as a `<symbol>`: drawn with the text's colour, sized by whoever uses it. */
export function symbol(name: string, svg: string): string {
  const shapes = svg.replace(COMMENTS, "").replace(SVG_OPEN, "").replace("</svg>", "").replace(/\s+/g, " ").trim();
  const pen = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${pen}>${shapes}</symbol>`;
}

/** The sprite of the named icons; throws a sentence naming every icon that the package does not have. */
export function sprite(names: readonly string[], folder: string): string {
  const missing = names.filter((name) => !existsSync(join(folder, `${name}.svg`)));
  if (missing.length > 0) {
    throw new Error(`static/icons.json names icons that lucide-static does not have: ${missing.join(", ")}`);
  }
  const symbols = names.map((name) => symbol(name, readFileSync(join(folder, `${name}.svg`), "utf8")));
  const notice = "<!-- Icons: Lucide, ISC licence, https://lucide.dev/license -->";
  return `<svg xmlns="http://www.w3.org/2000/svg">${notice}${symbols.join("")}</svg>`;
}

/** Icon names in icons.json, each once, in order. */
export function iconNames(root: string): string[] {
  const parsed: unknown = JSON.parse(readFileSync(join(root, "icons.json"), "utf8"));
  if (!Array.isArray(parsed) || !parsed.every((name) => typeof name === "string")) {
    throw new Error("static/icons.json must be a list of icon names.");
  }
  return [...new Set(parsed)].sort();
}

/** Writes `assets/icons-<hash>.svg`, and `icons.json` that tells the server its name and which icons it holds. */
export function iconSprite(root: string): Plugin {
  return {
    name: "icon-sprite",
    buildStart() {
      this.addWatchFile(join(root, "icons.json"));
    },
    generateBundle() {
      const names = iconNames(root);
      const source = sprite(names, join(root, "node_modules/lucide-static/icons"));
      const file = `assets/icons-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.svg`;
      this.emitFile({ type: "asset", fileName: file, source });
      this.emitFile({ type: "asset", fileName: "icons.json", source: JSON.stringify({ file, names }) });
    },
  };
}
