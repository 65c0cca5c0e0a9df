import * as Y from "yjs";
import {
  type Annotation,
  type KeyImage,
  keyOf,
  parseAnnotation,
  parseKeyImage,
  parseView,
  readable,
  type View,
} from "./schema";

const DRAWN = "drawn"; // what Undo takes back
const SAID = "said"; // own changes that Undo leaves alone
const REMOTE = "remote";
const RESTORED = "restored";

export type Part = "annotations" | "key_images" | "stage" | "views";
const PARTS: readonly Part[] = ["annotations", "key_images", "stage", "views"];

/** A change made here, to be sent: Yjs's bytes, and which annotations it touches. */
export interface LocalChange {
  readonly update: Uint8Array;
  readonly annotations: readonly string[];
}

/** The shared document of one consult as this page sees it. The Yjs document inside may be replaced as a whole. */
export class StageDocument {
  private doc = new Y.Doc();
  private undoing = this.watch();
  private readonly changeHandlers = new Set<(parts: ReadonlySet<Part>) => void>();
  private readonly localHandlers = new Set<(change: LocalChange) => void>();
  private drawings: ReadonlyMap<string, Annotation> | null = null;

  constructor(readonly me: string) {}

  /** Told which parts changed, whoever changed them; returns what stops that. */
  onChange(handler: (parts: ReadonlySet<Part>) => void): () => void {
    this.changeHandlers.add(handler);
    return () => void this.changeHandlers.delete(handler);
  }

  /** Told each change made here; returns what stops that. */
  onLocal(handler: (change: LocalChange) => void): () => void {
    this.localHandlers.add(handler);
    return () => void this.localHandlers.delete(handler);
  }

  /** Everything drawn, by id; entries that break the schema are left out. */
  annotations(): ReadonlyMap<string, Annotation> {
    this.drawings ??= this.entries("annotations", parseAnnotation);
    return this.drawings;
  }

  keyImages(): ReadonlyMap<string, KeyImage> {
    return this.entries("key_images", parseKeyImage);
  }

  hasKeyImage(key: string): boolean {
    return this.doc.getMap("key_images").has(key);
  }

  view(participant: string): View | null {
    return readable(parseView, this.doc.getMap("views").get(participant));
  }

  views(): ReadonlyMap<string, View> {
    return this.entries("views", parseView);
  }

  get presenter(): string | null {
    const value = this.doc.getMap("stage").get("presenter");
    return typeof value === "string" ? value : null;
  }

  /** Adds or replaces an annotation. Throws a `FormatError` for one that the server would refuse. */
  put(id: string, annotation: Annotation): void {
    const checked = parseAnnotation(annotation);
    this.doc.transact(() => this.doc.getMap("annotations").set(id, checked), DRAWN);
  }

  remove(id: string): void {
    if (this.annotations().get(id)?.author === this.me) {
      this.doc.transact(() => this.doc.getMap("annotations").delete(id), DRAWN);
    }
  }

  putKeyImage(image: KeyImage): void {
    this.doc.transact(() => this.doc.getMap("key_images").set(keyOf(image.instance, image.frame), image), SAID);
  }

  removeKeyImage(key: string): void {
    this.doc.transact(() => this.doc.getMap("key_images").delete(key), SAID);
  }

  /** Says who presents; with one's own view where one takes it, so that nobody follows into nothing. */
  setPresenter(participant: string | null, view: View | null): void {
    this.doc.transact(() => {
      this.doc.getMap("stage").set("presenter", participant);
      if (view) {
        this.doc.getMap("views").set(this.me, view);
      }
    }, SAID);
  }

  setView(view: View): void {
    this.doc.transact(() => this.doc.getMap("views").set(this.me, view), SAID);
  }

  get canUndo(): boolean {
    return this.undoing.undoStack.length > 0;
  }

  /** Takes back one's own last drawing, change or deletion. */
  undo(): void {
    this.undoing.undo();
  }

  redo(): void {
    this.undoing.redo();
  }

  // Bytes ------------------------------------------------------------------------------------------------------------

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** What a copy with this state vector lacks. */
  since(stateVector: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, stateVector);
  }

  /** Takes in what the server sent. Throws for bytes that are no update. */
  receive(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, REMOTE);
  }

  /** Takes in own changes of an earlier page that never reached the server. */
  restore(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, RESTORED);
  }

  /** Starts over from what the server holds: own changes that it does not hold are gone. */
  rebuild(update: Uint8Array): void {
    this.undoing.destroy();
    this.doc.destroy();
    this.doc = new Y.Doc();
    this.undoing = this.watch();
    this.receive(update);
    this.tell(new Set(PARTS));
  }

  destroy(): void {
    this.changeHandlers.clear();
    this.localHandlers.clear();
    this.undoing.destroy();
    this.doc.destroy();
  }

  private watch(): Y.UndoManager {
    const doc = this.doc;
    doc.on("update", (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (origin !== REMOTE && origin !== RESTORED) {
        const annotations = touched(transaction, doc.getMap("annotations"));
        for (const handler of [...this.localHandlers]) {
          handler({ update, annotations });
        }
      }
    });
    doc.on("afterTransaction", (transaction: Y.Transaction) => {
      const parts = PARTS.filter((part) => touched(transaction, doc.getMap(part)).length > 0);
      if (parts.length > 0) {
        this.tell(new Set(parts));
      }
    });
    const trackedOrigins = new Set([DRAWN]);
    return new Y.UndoManager(doc.getMap("annotations"), { trackedOrigins, captureTimeout: 0 });
  }

  private tell(parts: ReadonlySet<Part>): void {
    if (parts.has("annotations")) {
      this.drawings = null;
    }
    for (const handler of [...this.changeHandlers]) {
      handler(parts);
    }
  }

  private entries<T>(part: Part, parse: (json: unknown) => T): Map<string, T> {
    const found = new Map<string, T>();
    this.doc.getMap(part).forEach((value, key) => {
      const entry = readable(parse, value);
      if (entry !== null) {
        found.set(key, entry);
      }
    });
    return found;
  }
}

/** The keys of `map` that a transaction changed. */
function touched(transaction: Y.Transaction, map: Y.Map<unknown>): string[] {
  for (const [type, keys] of transaction.changed) {
    if (Object.is(type, map)) {
      return [...keys].filter((key) => key !== null);
    }
  }
  return [];
}

/** Several updates as one. */
export function merged(updates: readonly Uint8Array[]): Uint8Array {
  const [first] = updates;
  return first && updates.length === 1 ? first : Y.mergeUpdates([...updates]);
}

/** The state vector of a document that knows nothing. */
export function emptyStateVector(): Uint8Array {
  const doc = new Y.Doc();
  const vector = Y.encodeStateVector(doc);
  doc.destroy();
  return vector;
}
