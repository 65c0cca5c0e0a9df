import { foundFile, type Found } from "./found";
import type { FileHandle } from "./shelf";

const MOST_FILES = 20_000;

function entriesOf(folder: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => folder.readEntries(resolve, reject));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Every file of a dropped folder, however deep; one that cannot be read is passed over. */
async function walk(entry: FileSystemEntry, found: Found[], handle?: FileHandle): Promise<void> {
  if (found.length >= MOST_FILES) {
    return;
  }
  if (entry.isFile) {
    try {
      found.push(foundFile(await fileOf(entry as FileSystemFileEntry), entry.fullPath, handle));
    } catch {
      // Gone since it was dropped, or a system's own.
    }
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let batch = await entriesOf(reader); batch.length > 0; batch = await entriesOf(reader)) {
    for (const one of batch) {
      await walk(one, found);
    }
  }
}

type Dropped = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

/** Files and folders that were dropped; call it in the event itself, for browsers forget what was dropped after it. */
export async function droppedFiles(data: DataTransfer): Promise<Found[]> {
  const taken = [...data.items]
    .filter((item) => item.kind === "file")
    .map((item: Dropped) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile(), handle: item.getAsFileSystemHandle?.() }));
  const found: Found[] = [];
  for (const { entry, file, handle } of taken) {
    const kept = await handle?.catch(() => null);
    const again = kept?.kind === "file" ? (kept as FileSystemHandle & FileHandle) : undefined;
    if (entry) {
      await walk(entry, found, again);
    } else if (file) {
      found.push(foundFile(file, file.name, again));
    }
  }
  return found;
}
