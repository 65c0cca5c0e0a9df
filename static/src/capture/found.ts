import type { FileHandle } from "./shelf";

/** A file that a person pointed at, wherever it lies: on the device, in a folder, inside a zip. */
export interface Found {
  /** Names from the outermost folder to the file, cleaned; never used to write anything. */
  readonly path: readonly string[];
  /** Bytes, as the folder or the zip tells. */
  readonly size: number;
  /** The first bytes, at most `count`. Rejects when it cannot be read. */
  head(count: number): Promise<Uint8Array>;
  /** The whole file. Rejects when it cannot be read, or is not what its zip says. */
  open(): Promise<File>;
  /** By which the browser can open it again after a reload. */
  readonly handle?: FileHandle;
}

/** The parts of a path, whatever its slashes, without anything that would climb out of where it is. */
export function cleanPath(path: string): string[] {
  return path
    .split(/[/\\]+/)
    .map((part) => part.replace(/[\u0000-\u001f\u007f]/g, "").trim())
    .filter((part) => part !== "" && part !== "." && part !== ".." && !/^[A-Za-z]:$/.test(part));
}

/** A file as pickers and drops give it. */
export function foundFile(file: File, path = file.webkitRelativePath || file.name, handle?: FileHandle): Found {
  const found = {
    path: cleanPath(path),
    size: file.size,
    head: async (count: number) => new Uint8Array(await file.slice(0, count).arrayBuffer()),
    open: () => Promise.resolve(file),
  };
  return handle ? { ...found, handle } : found;
}

/** How files on CDs are compared: without case, version numbers (";1") and a bare dot at the end. */
export function comparable(path: readonly string[]): string {
  return path.map((part) => part.toLowerCase().replace(/;\d+$/, "").replace(/\.$/, "")).join("/");
}
