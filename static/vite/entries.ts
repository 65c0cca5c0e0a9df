import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The build's entries, as paths from `root`: one for every page script, and the style sheet that all pages share.
 * Keys are the entries' own names in the manifest.
 */
export function entries(root: string): string[] {
  const pages = join(root, "src/pages");
  const scripts = existsSync(pages)
    ? readdirSync(pages).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
    : [];
  const found = scripts.sort().map((name) => `src/pages/${name}`);
  if (existsSync(join(root, "src/styles/site.css"))) {
    found.push("src/styles/site.css");
  }
  return found;
}
