import { icon } from "./icon";
import { t } from "./text";

/** A place over the stage as tall as the screen, with a title and one way back; `body` goes below its head. */
export class Sheet {
  readonly dialog = document.createElement("dialog");

  constructor(name: string, title: string, ...body: readonly HTMLElement[]) {
    const heading = document.createElement("h2");
    heading.id = `${name}-title`;
    heading.textContent = title;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.append(icon("x"), t("Back to the stage"));
    close.addEventListener("click", () => this.dialog.close());
    const head = document.createElement("header");
    head.append(heading, close);
    this.dialog.className = `sheet ${name}`;
    this.dialog.setAttribute("aria-labelledby", heading.id);
    this.dialog.append(head, ...body);
    // A tap beside the sheet closes it, as people try.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }
}
