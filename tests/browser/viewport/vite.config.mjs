import { fileURLToPath } from "node:url";
import { pageBuild } from "../page_build.mjs";

const build = {
  target: ["chrome109", "firefox115", "safari16.4"],
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
};

export default pageBuild(fileURLToPath(new URL(".", import.meta.url)), build, "/app/");
