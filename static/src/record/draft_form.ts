import { ApiError } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { getDocument, saveDraft, sign } from "./api";
import { button, confirm, make, notice } from "./dom";
import { Draft, type Saving, type Version } from "./draft";
import { FieldSet, type FieldSpec } from "./fields";
import { keepHere } from "./kept";
import type { DocumentReply, Fields, Kind } from "./messages";
import { clockWords } from "./words";

export interface DraftFormOptions {
  readonly kind: Kind;
  readonly consultId: string;
  readonly reader: string;
  readonly document: DocumentReply;
  readonly specs: readonly FieldSpec[];
  readonly signWords: string;
  /** What the dialog says before signing. */
  readonly asks: () => { readonly title: string; readonly sentences: readonly string[] };
  /** Follows the form's text, for questions that depend on others. */
  readonly onFields?: (form: FieldSet, fields: Fields) => void;
  /** It is signed, here or in another window. */
  readonly onSigned: () => void;
}

/** A document being written: its questions, the line that says how safe the text is, and the button that signs. */
export class DraftForm {
  readonly element: HTMLElement;
  readonly fields: FieldSet;
  private readonly draft: Draft;
  private readonly saved = make("p", { class: "record-saved", role: "status" });
  private readonly trouble = make("div", { class: "record-trouble" });
  private readonly signButton: HTMLButtonElement;

  constructor(private readonly options: DraftFormOptions) {
    this.fields = new FieldSet(`record-${options.kind}`, options.specs, () => this.edited());
    this.signButton = button(options.signWords, "pencil", () => void this.sign());
    const foot = make("div", { class: "record-foot" }, this.saved, this.signButton);
    this.element = make("div", { class: "record-form" }, this.fields.element, this.trouble, foot);
    const start = { fields: options.document.fields ?? {}, version: options.document.version };
    this.draft = this.makeDraft(start);
    this.show(start.fields);
    this.say({ state: "clean" });
    if (options.document.updated_at && start.version > 0) {
      this.sayWords("check", t("Saved %(time)s", { time: clockWords(new Date(options.document.updated_at)) }));
    }
    this.draft.restore();
  }

  /** Another window, or this one, saved that version. */
  noticed(version: number): void {
    void this.draft.noticed(version);
  }

  /** The network may be back. */
  wake(): void {
    this.draft.wake();
  }

  close(): void {
    this.draft.close();
  }

  private makeDraft(start: Version): Draft {
    const { consultId, kind, reader } = this.options;
    return new Draft({
      start,
      keep: keepHere(kind, consultId, reader),
      save: (fields, version) => saveDraft(consultId, kind, fields, version),
      current: async () => {
        const document = await getDocument(consultId, kind);
        return { fields: document.fields ?? {}, version: document.version };
      },
      show: (fields) => this.show(fields),
      onSaving: (saving) => this.say(saving),
    });
  }

  private show(fields: Fields): void {
    this.fields.write(fields);
    this.options.onFields?.(this.fields, fields);
  }

  private edited(): void {
    const fields = this.fields.read();
    this.fields.forgive();
    this.options.onFields?.(this.fields, fields);
    this.draft.edit(fields);
  }

  private say(saving: Saving): void {
    this.trouble.replaceChildren();
    switch (saving.state) {
      case "clean":
        this.sayWords("", t("Saves by itself while you write."));
        break;
      case "pending":
      case "saving":
        this.sayWords("", t("Saving"));
        break;
      case "saved":
        this.sayWords("check", t("Saved %(time)s", { time: clockWords(new Date(saving.at)) }));
        break;
      case "offline":
        this.sayWords("cloud-off", t("Not saved yet: no connection. It is kept here."), "warn");
        break;
      case "signed_out":
      case "invalid":
        this.sayWords("circle-alert", t("Not saved yet. It is kept here."), "warn");
        this.explain(saving);
        break;
      case "clash":
        this.sayWords("circle-alert", t("Not saved yet. It is kept here."), "warn");
        this.askWhich(saving.theirs);
        break;
      case "refused":
        this.refuse(saving.message);
    }
  }

  private refuse(why: string): void {
    this.sayWords("lock", t("This can no longer be changed."), "warn");
    this.signButton.hidden = true;
    const look = button(t("Show how it stands"), "refresh-cw", this.options.onSigned, "quiet");
    this.trouble.append(notice(why, "warn", look));
  }

  private explain(saving: { readonly message: string; readonly field?: string | undefined }): void {
    if (!this.fields.blame(saving.field, saving.message)) {
      this.trouble.append(notice(saving.message, "warn"));
    }
  }

  private sayWords(shape: string, words: string, tone = ""): void {
    this.saved.className = `record-saved ${tone}`;
    this.saved.replaceChildren(...(shape ? [icon(shape)] : []), words);
  }

  /** Both texts before one's eyes; nothing is overwritten until one is chosen. */
  private askWhich(theirs: Version): void {
    const other = this.options.specs
      .filter((spec) => theirs.fields[spec.name])
      .map((spec) =>
        make("p", { class: "record-words" }, make("strong", { text: `${spec.label}: ` }), theirs.fields[spec.name]),
      );
    const actions = make(
      "div",
      { class: "actions" },
      button(t("Keep what is in the form"), "check", () => this.draft.resolve("mine"), "quiet"),
      button(t("Use the other text"), "repeat", () => this.draft.resolve("theirs"), "quiet"),
    );
    const words = t("The same part was also written in another window. The other text says:");
    this.trouble.append(notice(words, "warn", ...other, actions));
  }

  private async sign(): Promise<void> {
    const { title, sentences } = this.options.asks();
    if (!(await confirm(title, sentences, this.options.signWords, t("Not yet")))) {
      return;
    }
    this.signButton.disabled = true;
    this.fields.freeze(true);
    try {
      if (await this.draft.settle()) {
        await sign(this.options.consultId, this.options.kind, this.draft.version);
        this.options.onSigned();
      } else if (this.draft.saving.state === "offline") {
        this.trouble.replaceChildren(
          notice(t("Not signed: the text is not saved yet. Sign when the connection is back."), "warn"),
        );
      }
    } catch (error) {
      this.notSigned(error);
    } finally {
      this.signButton.disabled = false;
      this.fields.freeze(false);
      this.focusWrong();
    }
  }

  private notSigned(error: unknown): void {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.code === "signed") {
      this.options.onSigned(); // our own signature, whose answer was lost on the way
    } else if (error.code === "newer_draft") {
      this.noticed(this.draft.version + 1);
    } else if (!this.fields.blame(error.field, error.message)) {
      this.trouble.replaceChildren(notice(t("Not signed. %(why)s", { why: error.message }), "danger"));
    }
  }

  private focusWrong(): void {
    this.fields.element.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }
}
