import { defineConfig } from "vite";
import { entries } from "./vite/entries.ts";
import { iconSprite } from "./vite/icon_sprite.ts";
import { precompress } from "./vite/precompress.ts";

const root = import.meta.dirname;

export default defineConfig({
  root,
  base: "/static/",
  publicDir: false,
  plugins: [iconSprite(root), precompress()],
  worker: { format: "es" }, // workers load their decoders when a file needs one
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    // Android tablets keep a browser for years: what Chrome 109 and Safari 16.4 understand.
    target: ["chrome109", "firefox115", "safari16.4"],
    // Nothing may become a data: URL, which the Content-Security-Policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: entries(root) },
  },
});
