import { fileURLToPath } from "node:url";
import { pageBuild } from "../page_build.mjs";

export default pageBuild(fileURLToPath(new URL(".", import.meta.url)), { target: "es2022", minify: false });
