// The public tus client, as another program would use it: sends one file and says what happens, a JSON line each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , packages, options] = process.argv;
const { Upload } = createRequire(packages)("tus-js-client");
const { address, cookie, token, path, metadata, uploadUrl, chunk } = JSON.parse(options);
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const upload = new Upload(readFileSync(path), {
  endpoint: `${address}/imaging/uploads`,
  uploadUrl: uploadUrl ?? null,
  chunkSize: chunk,
  metadata,
  headers: { Cookie: cookie, "X-CSRFToken": token, Referer: `${address}/` },
  retryDelays: [100, 200, 400, 800, 1600, 3200, 6400],
  onUploadUrlAvailable: () => say({ event: "url", url: upload.url }),
  onChunkComplete: (_size, accepted) => say({ event: "accepted", accepted }),
  onSuccess: () => say({ event: "done" }),
  onError: (error) => say({ event: "error", status: error.originalResponse?.getStatus() ?? 0 }),
});
upload.start();
