import type { CaseQueue } from "../capture/page_queue";
import { Pictures } from "../capture/pictures";
import { Sheet } from "../ui/sheet";
import { t } from "../ui/text";

/** The room's place for adding pictures: the same list as on the case's page, over the stage. */
export class AddSheet {
  private readonly sheet = new Sheet("add-sheet", t("Pictures of this case"));
  private pictures: Pictures | undefined;

  constructor(
    private readonly main: HTMLElement,
    private readonly queue: CaseQueue,
    private readonly mayDecide: boolean,
  ) {}

  open(): void {
    if (!this.pictures) {
      const place = document.createElement("div");
      place.className = "pictures-place";
      this.sheet.dialog.append(place);
      this.main.append(this.sheet.dialog);
      this.pictures = new Pictures(place, { caseId: this.queue.caseId, mayAdd: true, mayDecide: this.mayDecide, queue: this.queue });
    } else {
      void this.pictures.refresh();
    }
    this.sheet.dialog.showModal();
  }
}
