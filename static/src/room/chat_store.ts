import type { UnsentMessage, UnsentStore } from "./chat_unsent";

const DATABASE = "nidaan-chat"; // signing out deletes it with the rest (pages/site.ts)
const STORE = "unsent";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the device's storage cannot be opened"));
  });
}

function isMessage(value: unknown): value is UnsentMessage {
  return typeof value === "object" && value !== null && "clientId" in value && "text" in value && "writtenAt" in value;
}

/** Unsent messages in IndexedDB, one record each. Where there is none they live as long as the page does. */
export class DeviceStore implements UnsentStore {
  private readonly prefix: string;

  constructor(consultId: string, participantId: string) {
    this.prefix = `${consultId}/${participantId}/`;
  }

  async all(): Promise<readonly UnsentMessage[]> {
    const mine = IDBKeyRange.bound(this.prefix, `${this.prefix}\uffff`);
    const found = await this.inStore("readonly", (store) => store.getAll(mine) as IDBRequest<unknown>);
    return Array.isArray(found) ? found.filter(isMessage) : [];
  }

  async put(message: UnsentMessage): Promise<void> {
    await this.inStore("readwrite", (store) => store.put(message, this.prefix + message.clientId));
  }

  async remove(clientId: string): Promise<void> {
    await this.inStore("readwrite", (store) => store.delete(this.prefix + clientId));
  }

  private async inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    try {
      const database = await opened();
      try {
        return await new Promise<T>((resolve, reject) => {
          const transaction = database.transaction(STORE, mode);
          const request = act(transaction.objectStore(STORE));
          transaction.oncomplete = () => resolve(request.result);
          transaction.onabort = () => reject(transaction.error ?? new Error("the device's storage is full"));
        });
      } finally {
        database.close();
      }
    } catch {
      return null; // a private window or a full device: the message still waits in the page
    }
  }
}
