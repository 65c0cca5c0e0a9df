import type { Fields, Kind } from "./messages";

const PREFIX = "nidaan.unsaved.";

/** Text that the server does not have yet: what was written, over which version, and what that version said. */
export interface KeptDraft {
  readonly fields: Fields;
  readonly base: Fields;
  readonly version: number;
}

/** Where unsaved text survives a reload or a dead battery. Holds something only while something is unsaved. */
export interface Keep {
  put(draft: KeptDraft): void;
  get(): KeptDraft | null;
  clear(): void;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}

function readDraft(text: string | null): KeptDraft | null {
  if (text === null) {
    return null;
  }
  try {
    const draft = JSON.parse(text) as Partial<KeptDraft> | null;
    return isFields(draft?.fields) && isFields(draft.base) && typeof draft.version === "number"
      ? { fields: draft.fields, base: draft.base, version: draft.version }
      : null;
  } catch {
    return null;
  }
}

/** In this browser, for this reader alone; a browser that keeps nothing (private mode) loses only the safety net. */
export function keepHere(kind: Kind, consultId: string, reader: string): Keep {
  const name = `${PREFIX}${reader}.${consultId}.${kind}`;
  return {
    put(draft) {
      try {
        localStorage.setItem(name, JSON.stringify(draft));
      } catch {
        // Full or forbidden: the text still stands in the form, and saving goes on.
      }
    },
    get() {
      try {
        return readDraft(localStorage.getItem(name));
      } catch {
        return null;
      }
    },
    clear() {
      try {
        localStorage.removeItem(name);
      } catch {
        // Nothing was kept either.
      }
    },
  };
}

/** Forgets all unsaved text of everybody: called at sign-out, so that a shared tablet holds nothing. */
export function forgetKept(): void {
  try {
    for (const name of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
      localStorage.removeItem(name);
    }
  } catch {
    // Nothing can have been kept.
  }
}
