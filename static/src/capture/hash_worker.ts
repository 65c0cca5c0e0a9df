import { createSHA256 } from "hash-wasm";

/** Only the part of a worker's scope used here: the page's own types are loaded beside it. */
interface Scope {
  onmessage: ((event: MessageEvent<Blob>) => void) | null;
  postMessage(message: HashReply): void;
}

/** The SHA-256 in hexadecimal, or null for a file that cannot be read or a browser that cannot count. */
export interface HashReply {
  readonly sha256: string | null;
  readonly unreadable: boolean;
}

declare const self: Scope;

const PIECE = 1024 * 1024;

async function sha256(file: Blob): Promise<HashReply> {
  let hasher;
  try {
    hasher = await createSHA256();
  } catch {
    return { sha256: null, unreadable: false }; // WebAssembly may be switched off: the file goes unchecked
  }
  hasher.init();
  try {
    for (let start = 0; start < file.size; start += PIECE) {
      hasher.update(new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer()));
    }
  } catch {
    return { sha256: null, unreadable: true };
  }
  return { sha256: hasher.digest("hex"), unreadable: false };
}

self.onmessage = ({ data }) => {
  void sha256(data).then((reply) => self.postMessage(reply));
};
