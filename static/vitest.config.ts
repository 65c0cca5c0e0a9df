import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts", "vite/**/*.test.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
