import type { KeptRecord } from "./transfer";

/** Files handed over by the operating system as something that can be opened again later (Chromium). */
export interface FileHandle {
  getFile(): Promise<File>;
  queryPermission?(options: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

/** Where records and bytes of files wait, so that a closed page loses nothing. One person's own. */
export interface Shelf {
  all(): Promise<KeptRecord[]>;
  /** Writes the record; with `bytes` or a handle so that the file outlives the page. Rejects where there is no room. */
  add(record: KeptRecord, bytes: Blob | FileHandle): Promise<void>;
  /** Writes a record again; one that was removed meanwhile stays removed. */
  update(record: KeptRecord): Promise<void>;
  /** The file, or null where this device has it no longer (or wants to be asked again for it). */
  open(record: KeptRecord): Promise<File | null>;
  /** Asks the person for a file that was kept by handle; call it from a tap. */
  reopen(record: KeptRecord): Promise<File | null>;
  remove(id: string): Promise<void>;
  /** Forgets everything of this person. */
  clear(): Promise<void>;
}

const PREFIX = "nidaan-sending-";
const KEPT_MS = 8 * 86_400_000; // the server forgets unfinished uploads after a week

/** The database's name for one person. */
export function shelfName(owner: string): string {
  return PREFIX + owner;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database failed"));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the database failed"));
  });
}

function isHandle(value: unknown): value is FileHandle {
  return typeof value === "object" && value !== null && "getFile" in value;
}

function opened(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("records", { keyPath: "id" });
    request.result.createObjectStore("bytes");
  };
  return done(request);
}

function isRecord(value: unknown): value is KeptRecord {
  return typeof value === "object" && value !== null && "id" in value && "caseId" in value && "size" in value;
}

/** A shelf in IndexedDB: browsers lay a Blob on the disk as it is, without passing it through a page's memory. */
class DatabaseShelf implements Shelf {
  constructor(private readonly database: IDBDatabase) {
    // Another tab signs out and wants to delete it: not in the way.
    database.onversionchange = () => database.close();
  }

  async all(): Promise<KeptRecord[]> {
    const found: unknown[] = await done(this.database.transaction("records").objectStore("records").getAll());
    const records = found.filter(isRecord);
    const old = records.filter((record) => Date.now() - record.addedAt > KEPT_MS);
    await Promise.all(old.map((record) => this.remove(record.id)));
    return records.filter((record) => !old.includes(record));
  }

  async add(record: KeptRecord, bytes: Blob | FileHandle): Promise<void> {
    const transaction = this.database.transaction(["records", "bytes"], "readwrite");
    transaction.objectStore("bytes").put(bytes, record.id);
    transaction.objectStore("records").put(record);
    await committed(transaction);
  }

  async update(record: KeptRecord): Promise<void> {
    const transaction = this.database.transaction("records", "readwrite");
    const store = transaction.objectStore("records");
    if ((await done(store.getKey(record.id))) !== undefined) {
      store.put(record);
    }
    await committed(transaction);
  }

  async open(record: KeptRecord): Promise<File | null> {
    const found = await this.bytes(record.id);
    if (isHandle(found)) {
      const allowed = (await found.queryPermission?.({ mode: "read" })) ?? "granted";
      return allowed === "granted" ? this.unchanged(record, await found.getFile()) : null;
    }
    return found instanceof Blob ? named(record, found) : null;
  }

  async reopen(record: KeptRecord): Promise<File | null> {
    const found = await this.bytes(record.id);
    if (isHandle(found) && (await found.requestPermission?.({ mode: "read" })) === "granted") {
      return this.unchanged(record, await found.getFile());
    }
    return null;
  }

  async remove(id: string): Promise<void> {
    const transaction = this.database.transaction(["records", "bytes"], "readwrite");
    transaction.objectStore("records").delete(id);
    transaction.objectStore("bytes").delete(id);
    await committed(transaction);
  }

  async clear(): Promise<void> {
    const transaction = this.database.transaction(["records", "bytes"], "readwrite");
    transaction.objectStore("records").clear();
    transaction.objectStore("bytes").clear();
    await committed(transaction);
  }

  private async bytes(id: string): Promise<unknown> {
    return done(this.database.transaction("bytes").objectStore("bytes").get(id) as IDBRequest<unknown>);
  }

  private unchanged(record: KeptRecord, file: File): File | null {
    return file.size === record.size && file.lastModified === record.lastModified ? file : null;
  }
}

function named(record: KeptRecord, bytes: Blob): File {
  return bytes instanceof File && bytes.name === record.name
    ? bytes
    : new File([bytes], record.name, { lastModified: record.lastModified });
}

/** For a browser that keeps nothing (a private window): what is sent is sent while the page stays open. */
export class NoShelf implements Shelf {
  all(): Promise<KeptRecord[]> {
    return Promise.resolve([]);
  }

  add(): Promise<void> {
    return Promise.reject(new Error("this browser keeps nothing"));
  }

  update(): Promise<void> {
    return Promise.resolve();
  }

  open(): Promise<File | null> {
    return Promise.resolve(null);
  }

  reopen(): Promise<File | null> {
    return Promise.resolve(null);
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  clear(): Promise<void> {
    return Promise.resolve();
  }
}

/** One person's shelf in this browser. */
export async function openShelf(owner: string): Promise<Shelf> {
  try {
    return new DatabaseShelf(await opened(shelfName(owner)));
  } catch {
    return new NoShelf();
  }
}

/** Bytes that this browser says it can still keep; undefined where it does not say. */
export async function roomLeft(): Promise<number | undefined> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? undefined : Math.max(0, 0.9 * quota - (usage ?? 0));
  } catch {
    return undefined;
  }
}

/** Asks the browser not to throw files away when the device runs out of room; its answer changes nothing here. */
export async function askToPersist(): Promise<void> {
  try {
    if (!(await navigator.storage.persisted())) {
      await navigator.storage.persist();
    }
  } catch {
    // An old browser, or plain http: files are kept as long as it keeps them.
  }
}
