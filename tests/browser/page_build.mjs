import { fileURLToPath } from "node:url";
import { iconNames, sprite } from "../../static/vite/icon_sprite.ts";

const client = fileURLToPath(new URL("../../static", import.meta.url));

const icons = {
  name: "icons",
  generateBundle() {
    const source = sprite(iconNames(client), `${client}/node_modules/lucide-static/icons`);
    this.emitFile({ type: "asset", fileName: "icons.svg", source });
  },
};

/** How a folder's own page.ts is built for its tests: the client's icons beside it, names without hashes. */
export function pageBuild(folder, build, base = "/") {
  return {
    root: folder,
    base,
    publicDir: false,
    plugins: [icons],
    build: {
      emptyOutDir: true,
      rolldownOptions: {
        input: `${folder}page.ts`,
        output: { entryFileNames: "page.js", assetFileNames: "[name][extname]" },
      },
      ...build,
    },
  };
}
