/** Own changes that the server has not acknowledged, kept on this device until it has. */

export interface UnsentChange {
  readonly update: Uint8Array;
  readonly annotations: readonly string[];
}

export interface UnsentStore {
  load(): Promise<readonly UnsentChange[]>;
  save(changes: readonly UnsentChange[]): void;
}

const DATABASE = "nidaan-stage";
const STORE = "unsent";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The device's storage cannot be opened."));
  });
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("The device's storage is full."));
    });
  } finally {
    database.close();
  }
}

function isChange(value: unknown): value is UnsentChange {
  return (
    typeof value === "object" &&
    value !== null &&
    "update" in value &&
    value.update instanceof Uint8Array &&
    "annotations" in value &&
    Array.isArray(value.annotations)
  );
}

/** In IndexedDB, a record for each consult and participant. Where there is none, what is unsent lives with the page. */
export class DeviceStore implements UnsentStore {
  private readonly key: string;
  private latest: readonly UnsentChange[] | null = null;
  private writing: Promise<void> | null = null;

  constructor(consultId: string, participantId: string) {
    this.key = `${consultId}/${participantId}`;
  }

  async load(): Promise<readonly UnsentChange[]> {
    try {
      const found: unknown = await inStore("readonly", (store) => store.get(this.key) as IDBRequest<unknown>);
      return Array.isArray(found) ? found.filter(isChange) : [];
    } catch {
      return [];
    }
  }

  /** Replaces what is kept; the last call wins, and only one write runs at a time. */
  save(changes: readonly UnsentChange[]): void {
    this.latest = changes;
    this.writing ??= this.write().finally(() => (this.writing = null));
  }

  private async write(): Promise<void> {
    while (this.latest) {
      const changes = this.latest;
      this.latest = null;
      try {
        if (changes.length === 0) {
          await inStore("readwrite", (store) => store.delete(this.key));
        } else {
          await inStore("readwrite", (store) => store.put(changes, this.key));
        }
      } catch {
        // A private window or a full device: the changes still wait in the page.
      }
    }
  }
}

/** Deletes everything of the stage that rests on this device: call it on signing out. */
export function forgetEverything(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof indexedDB === "undefined") {
      resolve();
      return;
    }
    const request = indexedDB.deleteDatabase(DATABASE);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}
