import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|svg|json|wasm|webmanifest|map)$/;
const SMALLEST = 200; // below this the headers cost more than the saving

/** Compresses `data` both ways at the highest setting: [brotli, gzip]. */
export function compressed(data: Buffer): [Buffer, Buffer] {
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
  return [brotliCompressSync(data, { params: quality }), gzipSync(data, { level: 9 })];
}

/** Lays `.br` and `.gz` beside every text file of the build, so that the server never compresses at run time. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "precompress",
    enforce: "post",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    writeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !TEXT.test(entry.name)) {
          continue;
        }
        const data = readFileSync(path);
        if (data.length >= SMALLEST) {
          const [brotli, gzip] = compressed(data);
          writeFileSync(`${path}.br`, brotli);
          writeFileSync(`${path}.gz`, gzip);
        }
      }
    },
  };
}
