import type { CaseQueue } from "../capture/page_queue";
import { Pictures } from "../capture/pictures";
import { icon } from "../ui/icon";
import { t } from "../ui/text";

/** The room's place for adding pictures: the same list as on the case's page, over the stage. */
export class AddSheet {
  private readonly dialog = document.createElement("dialog");
  private pictures: Pictures | undefined;

  constructor(
    private readonly main: HTMLElement,
    private readonly queue: CaseQueue,
    private readonly mayDecide: boolean,
  ) {
    this.dialog.className = "add-sheet";
    const title = document.createElement("h2");
    title.id = "add-sheet-title";
    title.textContent = t("Pictures of this case");
    this.dialog.setAttribute("aria-labelledby", title.id);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.append(icon("x"), t("Back to the stage"));
    close.addEventListener("click", () => this.dialog.close());
    const head = document.createElement("header");
    head.append(title, close);
    this.dialog.append(head);
    // A tap beside the sheet closes it, as people try.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  open(): void {
    if (!this.pictures) {
      const place = document.createElement("div");
      place.className = "pictures-place";
      this.dialog.append(place);
      this.main.append(this.dialog);
      this.pictures = new Pictures(place, { caseId: this.queue.caseId, mayAdd: true, mayDecide: this.mayDecide, queue: this.queue });
    } else {
      void this.pictures.refresh();
    }
    this.dialog.showModal();
  }
}
