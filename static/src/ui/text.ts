/** What a sentence's placeholders are filled with. */
export type Values = Readonly<Record<string, string | number>>;

type Catalogue = Readonly<Record<string, string>>;

let catalogue: Catalogue | undefined;

function isCatalogue(value: unknown): value is Catalogue {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}

function readCatalogue(): Catalogue {
  if (typeof document === "undefined") {
    return {};
  }
  const text = document.getElementById("catalogue")?.textContent;
  if (!text) {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return isCatalogue(parsed) ? parsed : {};
  } catch {
    // A broken catalogue must not take the page with it: English stands in.
    return {};
  }
}

/** Forgets the catalogue, so that the next `t` reads it from the page again. */
export function reloadCatalogue(): void {
  catalogue = undefined;
}

/**
 * The sentence in the reader's language. `english` is the key and what is shown where no translation exists;
 * `%(name)s` in it is replaced by `values.name`, `%%` by a percent sign (as gettext's python-format).
 */
export function t(english: string, values?: Values): string {
  catalogue ??= readCatalogue();
  const sentence = catalogue[english] ?? english;
  if (!values) {
    return sentence;
  }
  return sentence.replace(/%(?:\((\w+)\)[sd]|%)/g, (found, name: string | undefined) => {
    if (name === undefined) {
      return "%";
    }
    const value = values[name];
    return value === undefined ? found : String(value);
  });
}
