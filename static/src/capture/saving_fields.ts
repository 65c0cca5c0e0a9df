import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { Autosave, FieldState } from "./autosave";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function clockWords(moment: Date): string {
  return moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** The page's fields `[data-field][data-version]` bound to an autosave, each with its own line that says how it stands. */
export class SavingFields {
  private readonly lines = new Map<string, HTMLElement>();

  constructor(
    private readonly root: ParentNode,
    private readonly owner: string,
    private readonly autosave: Autosave,
  ) {
    for (const element of this.elements()) {
      const field = element.dataset.field ?? "";
      autosave.know(field, this.value(field), element.dataset.version ?? "");
      this.listen(element, field);
    }
    for (const line of root.querySelectorAll<HTMLElement>("[data-state-of]")) {
      this.lines.set(line.dataset.stateOf ?? "", line);
    }
    autosave.onState((field, state) => this.say(field, state));
  }

  /** What a field holds on the page. */
  value(field: string): string {
    const element = this.element(field);
    if (element instanceof HTMLFieldSetElement) {
      return element.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
    }
    return (element as Control | undefined)?.value ?? "";
  }

  private elements(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>(`[data-owner="${this.owner}"][data-field]`)];
  }

  private element(field: string): HTMLElement | undefined {
    return this.elements().find((element) => element.dataset.field === field);
  }

  private show(field: string, value: string): void {
    const element = this.element(field);
    if (element instanceof HTMLFieldSetElement) {
      for (const input of element.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
        input.checked = input.value === value;
      }
    } else if (element) {
      (element as Control).value = value;
    }
  }

  private listen(element: HTMLElement, field: string): void {
    // A measurement is sent when it is complete: "3" on the way to "37" would be refused.
    const events = element instanceof HTMLInputElement ? ["change"] : ["input", "change"];
    for (const name of events) {
      element.addEventListener(name, () => this.autosave.edit(field, this.value(field)));
    }
  }

  private say(field: string, state: FieldState): void {
    const line = this.lines.get(field);
    const element = this.element(field);
    if (!line || !element) {
      return;
    }
    const wrong = state.kind === "refused";
    line.dataset.kind = state.kind;
    element.toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      element.setAttribute("aria-invalid", "true");
    }
    line.replaceChildren(...this.words(field, state));
  }

  private words(field: string, state: FieldState): (Node | string)[] {
    switch (state.kind) {
      case "saved":
        return state.at === null ? [] : [icon("check"), t("saved %(time)s", { time: clockWords(new Date(state.at)) })];
      case "waiting":
      case "saving":
        return [t("saving…")];
      case "offline":
        return [icon("cloud-off"), t("not sent yet: no link. It is tried again by itself.")];
      case "refused":
        return [icon("circle-alert"), state.words];
      case "doubtful":
        return [icon("circle-help"), state.words, this.button(t("Yes, it is right"), () => this.autosave.confirm(field))];
      case "elsewhere":
        return this.choice(field, state.theirs);
    }
  }

  private choice(field: string, theirs: string): (Node | string)[] {
    const words = theirs
      ? t("Somebody else wrote here meanwhile: “%(theirs)s”", { theirs })
      : t("Somebody else emptied this meanwhile.");
    const take = async (): Promise<void> => this.show(field, await this.autosave.takeTheirs(field));
    return [
      icon("users"),
      words,
      this.button(t("Keep mine"), () => void this.autosave.keepMine(field)),
      this.button(t("Take theirs"), () => void take()),
    ];
  }

  private button(words: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = words;
    button.addEventListener("click", act);
    return button;
  }
}
