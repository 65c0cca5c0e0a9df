import { fileURLToPath } from "node:url";
import { iconNames, sprite } from "../../../static/vite/icon_sprite.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const client = fileURLToPath(new URL("../../../static", import.meta.url));

const icons = {
  name: "icons",
  generateBundle() {
    const source = sprite(iconNames(client), `${client}/node_modules/lucide-static/icons`);
    this.emitFile({ type: "asset", fileName: "icons.svg", source });
  },
};

export default {
  root: here,
  base: "/app/",
  publicDir: false,
  plugins: [icons],
  build: {
    emptyOutDir: true,
    target: ["chrome109", "firefox115", "safari16.4"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: `${here}page.ts`,
      output: { entryFileNames: "page.js", assetFileNames: "[name][extname]" },
    },
  },
};
