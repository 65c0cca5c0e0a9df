import { icon } from "../ui/icon";
import { t } from "../ui/text";

/** Characters (code points) of one message, as the server counts them. */
export const MOST_TEXT = 2000;
const WARN_AT = 200;

function button(className: string, name: string, words: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.append(icon(name), words);
  return made;
}

/** Where a message is written: Enter sends, Shift and Enter begin a new line; one picture may go with it. */
export class ChatWriting {
  readonly element = document.createElement("form");
  readonly field = document.createElement("textarea");
  private readonly left = document.createElement("p");
  private readonly chosen = document.createElement("p");
  private readonly input = document.createElement("input");
  private readonly send = button("main room-button chat-send", "send", t("Send"));
  private file: File | null = null;

  constructor(
    mayAttach: boolean,
    private readonly write: (text: string, file: File | null) => Promise<void>,
  ) {
    this.element.className = "chat-writing";
    this.field.rows = 1;
    this.field.dir = "auto";
    this.field.placeholder = t("Write a message");
    this.field.setAttribute("aria-label", t("Message"));
    this.field.enterKeyHint = "send";
    this.left.className = "chat-left";
    this.left.setAttribute("role", "status");
    this.chosen.className = "chat-chosen";
    this.chosen.hidden = true;
    this.send.type = "submit";
    const row = document.createElement("div");
    row.className = "chat-row";
    row.append(...(mayAttach ? [this.attaching()] : []), this.field, this.send);
    this.element.append(this.chosen, this.left, row);
    this.listen(mayAttach);
    this.draw();
  }

  private attaching(): HTMLElement {
    this.input.type = "file";
    this.input.accept = "image/*,video/*,.dcm,application/dicom";
    this.input.hidden = true;
    this.input.addEventListener("change", () => {
      this.choose(this.input.files?.[0] ?? null);
      this.input.value = ""; // the same file may be chosen again
    });
    const attach = button("room-button chat-attach", "image", t("Picture"));
    attach.addEventListener("click", () => this.input.click());
    this.element.append(this.input);
    return attach;
  }

  private listen(mayAttach: boolean): void {
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.draw());
    this.field.addEventListener("keydown", (event) => {
      // While a word is being composed Enter chooses it.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.field.addEventListener("paste", (event) => {
      const [file] = event.clipboardData?.files ?? [];
      if (file && mayAttach) {
        event.preventDefault();
        this.choose(file);
      }
    });
  }

  private choose(file: File | null): void {
    this.file = file;
    this.draw();
    this.field.focus();
  }

  private submit(): void {
    const text = this.field.value.trim();
    if ((text === "" && this.file === null) || Array.from(text).length > MOST_TEXT) {
      this.field.focus();
      return;
    }
    const { file } = this;
    // Emptied first: a second tap then has nothing to send.
    this.field.value = "";
    this.file = null;
    this.draw();
    this.field.focus();
    void this.write(text, file);
  }

  private draw(): void {
    const left = MOST_TEXT - Array.from(this.field.value.trim()).length;
    const words = left < 0 ? t("%(count)s characters too long", { count: -left }) : t("%(count)s characters left", { count: left });
    const shown = left <= WARN_AT ? words : "";
    if (this.left.textContent !== shown) {
      this.left.textContent = shown;
    }
    this.left.classList.toggle("over", left < 0);
    this.send.disabled = left < 0;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
    this.drawChosen();
  }

  private drawChosen(): void {
    this.chosen.hidden = this.file === null;
    if (this.file !== null) {
      const drop = button("quiet chat-act", "x", t("Not this one"));
      drop.addEventListener("click", () => this.choose(null));
      const name = document.createElement("span");
      name.textContent = this.file.name;
      this.chosen.replaceChildren(icon("image"), name, drop);
    }
  }
}
