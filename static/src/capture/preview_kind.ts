export type FileKind = "dicom" | "jpeg" | "png" | "webp" | "heic" | "avif" | "bmp" | "video" | "unknown";

const HEIC_BRANDS = new Set(["heic", "heix", "hevc", "mif1", "msf1", "heim", "heis"]);
const QUICKTIME_ATOMS = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"]);

/** What a file is by its first bytes, as imaging/detection.py sees it; never by its name. */
export async function kindOf(file: Blob): Promise<FileKind> {
  const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  const words = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  if (words(128, 132) === "DICM") {
    return "dicom";
  }
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) {
    return "jpeg";
  }
  if (words(1, 4) === "PNG") {
    return "png";
  }
  if (words(0, 4) === "RIFF" && words(8, 12) === "WEBP") {
    return "webp";
  }
  if (words(0, 2) === "BM" && words(6, 10) === "\0\0\0\0") {
    return "bmp";
  }
  if (words(4, 8) === "ftyp") {
    if (words(8, 12) === "avif") {
      return "avif";
    }
    return HEIC_BRANDS.has(words(8, 12)) ? "heic" : words(8, 11) === "avi" ? "unknown" : "video";
  }
  const matroska = head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3;
  return matroska || QUICKTIME_ATOMS.has(words(4, 8)) ? "video" : "unknown";
}
