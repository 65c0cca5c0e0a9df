// @vitest-environment node
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressed } from "./precompress.ts";

test("both compressed forms give back the same bytes and are smaller", () => {
  const data = Buffer.from("the same sentence again. ".repeat(100));
  const [brotli, gzip] = compressed(data);
  expect(brotliDecompressSync(brotli).equals(data)).toBe(true);
  expect(gunzipSync(gzip).equals(data)).toBe(true);
  expect(brotli.length).toBeLessThan(data.length / 10);
});
