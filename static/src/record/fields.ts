import { make } from "./dom";
import type { Fields } from "./messages";

/** One question of a form: several lines, a date, or one of a few answers. */
export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly kind: "lines" | "date" | "choice";
  readonly hint?: string;
  readonly rows?: number;
  readonly least?: string;
  readonly choices?: readonly (readonly [value: string, words: string, meaning?: string])[];
}

/** A form's controls as one set of fields, both ways. */
export class FieldSet {
  readonly element = make("div", { class: "record-fields" });
  private readonly boxes = new Map<string, HTMLElement>();
  private readonly errors = new Map<string, HTMLElement>();

  constructor(
    private readonly prefix: string,
    specs: readonly FieldSpec[],
    private readonly onEdit: () => void,
  ) {
    for (const spec of specs) {
      this.element.append(spec.kind === "choice" ? this.choice(spec) : this.written(spec));
    }
    this.element.addEventListener("input", this.onEdit);
  }

  read(): Fields {
    const values: Record<string, string> = {};
    for (const [name, box] of this.boxes) {
      values[name] =
        box instanceof HTMLTextAreaElement || box instanceof HTMLInputElement
          ? box.value
          : (box.querySelector<HTMLInputElement>("input:checked")?.value ?? "");
    }
    return values;
  }

  /** Shows other text without moving the caret where nothing changed. */
  write(fields: Fields): void {
    for (const [name, box] of this.boxes) {
      const value = fields[name] ?? "";
      if (box instanceof HTMLTextAreaElement || box instanceof HTMLInputElement) {
        if (box.value !== value) {
          box.value = value;
        }
      } else {
        for (const input of box.querySelectorAll("input")) {
          input.checked = input.value === value;
        }
      }
    }
  }

  label(name: string, words: string): void {
    const label = this.wrapper(name)?.querySelector("label");
    if (label) {
      label.textContent = words;
    }
  }

  /** Puts something of the page's own before a question. */
  before(name: string, node: Node): void {
    this.element.insertBefore(node, this.wrapper(name));
  }

  showOnly(name: string, shown: boolean): void {
    const wrapper = this.wrapper(name);
    if (wrapper) {
      wrapper.hidden = !shown;
    }
  }

  /** Says what is wrong beside its field; false when there is no such field. */
  blame(name: string | undefined, message: string): boolean {
    this.forgive();
    const box = name === undefined ? undefined : this.boxes.get(name);
    const error = name === undefined ? undefined : this.errors.get(name);
    if (!box || !error) {
      return false;
    }
    error.textContent = message;
    error.hidden = false;
    const control = box.querySelector<HTMLElement>("input") ?? box;
    control.setAttribute("aria-invalid", "true");
    return true;
  }

  forgive(): void {
    for (const error of this.errors.values()) {
      error.hidden = true;
    }
    for (const control of this.element.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
    }
  }

  freeze(frozen: boolean): void {
    for (const control of this.element.querySelectorAll<HTMLInputElement>("input, textarea")) {
      control.disabled = frozen;
    }
  }

  private wrapper(name: string): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`[data-field="${name}"]`);
  }

  private extras(spec: FieldSpec): { hint: HTMLElement | null; error: HTMLElement; described: string } {
    const id = `${this.prefix}-${spec.name}`;
    const error = make("span", { class: "field-error", id: `${id}-error`, hidden: true });
    this.errors.set(spec.name, error);
    const hint = spec.hint ? make("span", { class: "field-hint", id: `${id}-hint`, text: spec.hint }) : null;
    return { hint, error, described: hint ? `${id}-hint ${id}-error` : `${id}-error` };
  }

  private written(spec: FieldSpec): HTMLElement {
    const id = `${this.prefix}-${spec.name}`;
    const { hint, error, described } = this.extras(spec);
    const box =
      spec.kind === "date"
        ? make("input", { type: "date", id, min: spec.least, "aria-describedby": described })
        : make("textarea", { id, rows: spec.rows ?? 3, maxlength: 10_000, "aria-describedby": described });
    this.boxes.set(spec.name, box);
    return make(
      "div",
      { class: "field", "data-field": spec.name },
      make("label", { for: id, text: spec.label }),
      hint,
      error,
      box,
    );
  }

  private choice(spec: FieldSpec): HTMLElement {
    const id = `${this.prefix}-${spec.name}`;
    const { hint, error, described } = this.extras(spec);
    const box = make("div", { class: "choices record-choices" });
    for (const [value, words, meaning] of spec.choices ?? []) {
      const input = make("input", { type: "radio", name: id, id: `${id}-${value}`, value });
      const said = make("span", {}, words, meaning ? make("small", { text: meaning }) : null);
      box.append(make("label", { class: "choice", for: `${id}-${value}` }, input, said));
    }
    this.boxes.set(spec.name, box);
    const legend = make("legend", { text: spec.label });
    return make(
      "fieldset",
      { class: "field", "data-field": spec.name, "aria-describedby": described },
      legend,
      hint,
      error,
      box,
    );
  }
}
