import type { Found } from "./found";

/** What a file is before it is sent. `index`: a DICOMDIR. `unknown`: nothing that is known here; the server decides. */
export type Kind =
  | "dicom"
  | "photo"
  | "video"
  | "index"
  | "zip"
  | "program"
  | "web_page"
  | "text"
  | "document"
  | "sound"
  | "system"
  | "empty"
  | "unreadable"
  | "unknown";

const HEAD_BYTES = 1024;
const DIRECTORY_CLASS = "1.2.840.10008.1.3.10"; // Media Storage Directory Storage, PS3.4 annex B
const SYSTEM = /^(\.ds_store|thumbs\.db|desktop\.ini|\._.*|\.trash.*|\.spotlight.*|\.fseventsd|icon\r?)$/i;
const SYSTEM_FOLDERS = new Set(["__macosx", "system volume information", "$recycle.bin", ".trashes", ".spotlight-v100"]);
const STILL = new Set(["heic", "heix", "hevc", "mif1", "msf1", "heim", "heis", "avif", "avis"]);
const QUICKTIME = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"]);

// Beginnings that say what a file is, in the order in which they are tried.
const BEGINNINGS: readonly (readonly [string, Kind])[] = [
  ["\xff\xd8\xff", "photo"],
  ["\x89PNG", "photo"],
  ["GIF8", "photo"],
  ["II*\0", "photo"],
  ["MM\0*", "photo"],
  ["\x1aE\xdf\xa3", "video"],
  ["\0\0\x01\xba", "video"],
  ["PK\x03\x04", "zip"],
  ["PK\x05\x06", "zip"],
  ["MZ", "program"],
  ["\x7fELF", "program"],
  ["\xca\xfe\xba\xbe", "program"],
  ["\xcf\xfa\xed\xfe", "program"],
  ["#!", "program"],
  ["%PDF", "document"],
  ["\xd0\xcf\x11\xe0", "document"],
  ["{\\rtf", "document"],
  ["ID3", "sound"],
  ["OggS", "sound"],
  ["fLaC", "sound"],
];
// For what has no beginning of its own.
const ENDINGS: Readonly<Record<string, Kind>> = {
  exe: "program", dll: "program", bat: "program", cmd: "program", com: "program", msi: "program", jar: "program",
  inf: "program", ico: "program", ocx: "program", app: "program", class: "program", sh: "program", lnk: "program",
  cab: "program", manifest: "program", config: "program", htm: "web_page", html: "web_page", css: "web_page",
  js: "web_page", xml: "web_page", xsl: "web_page", json: "web_page", txt: "text", csv: "text", log: "text", md: "text",
  ini: "text", cfg: "text", url: "text", doc: "document", docx: "document", xls: "document", xlsx: "document",
  ppt: "document", pptx: "document", odt: "document", chm: "document", hlp: "document", mp3: "sound", wav: "sound",
  m4a: "sound", ttf: "program", dat: "unknown",
};
const OFFICE = new Set(["docx", "xlsx", "pptx", "odt", "jar", "apk"]);

function ending(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** A data set without the 128 bytes and the mark in front: its first element is of group 0002 or 0008 (PS3.5 section 7). */
function isBareDicom(head: Uint8Array): boolean {
  const group = (head[0] ?? 0) | ((head[1] ?? 0) << 8);
  const explicit = /^[A-Z]{2}$/.test(String.fromCharCode(head[4] ?? 0, head[5] ?? 0));
  const length = (head[4] ?? 0) | ((head[5] ?? 0) << 8) | ((head[6] ?? 0) << 16);
  return head.length > 8 && (group === 2 || group === 8) && head[3] === 0 && (explicit || (length > 0 && length < 256));
}

function ofContainer(words: string): Kind | undefined {
  if (words.slice(4, 8) === "ftyp") {
    return STILL.has(words.slice(8, 12)) ? "photo" : words.startsWith("M4A", 8) ? "sound" : "video";
  }
  if (QUICKTIME.has(words.slice(4, 8))) {
    return "video";
  }
  if (words.startsWith("RIFF")) {
    return ({ WEBP: "photo", "AVI ": "video", WAVE: "sound" } as const)[words.slice(8, 12) as "WEBP"];
  }
  return words.startsWith("BM") && words.slice(6, 10) === "\0\0\0\0" ? "photo" : undefined;
}

/** What the first bytes and, where those say nothing, the name tell. */
export function kindOfHead(head: Uint8Array, name: string): Kind {
  const words = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  if (words.slice(128, 132) === "DICM") {
    return words.slice(132).includes(DIRECTORY_CLASS) ? "index" : "dicom";
  }
  const beginning = ofContainer(words) ?? BEGINNINGS.find(([mark]) => words.startsWith(mark))?.[1];
  if (beginning !== undefined) {
    return beginning === "zip" && OFFICE.has(ending(name)) ? (ENDINGS[ending(name)] ?? "program") : beginning;
  }
  if (isBareDicom(head)) {
    return "dicom";
  }
  if (/^\s*(<!doctype|<html|<\?xml|<svg)/i.test(words)) {
    return "web_page";
  }
  return ENDINGS[ending(name)] ?? "unknown";
}

/** What a file is, by where it lies, its first bytes and its name. Never rejects. */
export async function kindOfFound(found: Found): Promise<Kind> {
  const name = found.path.at(-1) ?? "";
  if (SYSTEM.test(name) || found.path.some((part) => SYSTEM_FOLDERS.has(part.toLowerCase()))) {
    return "system";
  }
  if (found.size === 0) {
    return "empty";
  }
  try {
    return kindOfHead(await found.head(HEAD_BYTES), name);
  } catch {
    return "unreadable";
  }
}
