import type { CaseQueue } from "../capture/page_queue";
import type { Pictures } from "../capture/pictures";
import { Sheet } from "../ui/sheet";
import { t } from "../ui/text";

/** The room's place for adding pictures: the same list as on the case's page, over the stage. What it is made of is
 * fetched by `warm`, once the room stands: it must be here before a link fails, and not before the room works. */
export class AddSheet {
  private readonly sheet = new Sheet("add-sheet", t("Pictures of this case"));
  private readonly place = document.createElement("div");
  private pictures: Promise<Pictures> | undefined;

  constructor(
    private readonly main: HTMLElement,
    private readonly queue: CaseQueue,
    private readonly mayDecide: boolean,
  ) {
    this.place.className = "pictures-place";
    this.sheet.dialog.append(this.place);
  }

  /** Fetches the code. Harmless when the link fails: opening tries again. */
  warm(): void {
    import("../capture/pictures").catch(() => undefined);
  }

  /** Rejects where the code could not be fetched. */
  async open(): Promise<void> {
    const known = this.pictures !== undefined;
    this.pictures ??= this.furnish();
    try {
      const pictures = await this.pictures;
      if (known) {
        void pictures.refresh();
      }
    } catch (error) {
      this.pictures = undefined;
      throw error;
    }
    if (!this.sheet.dialog.open) {
      this.sheet.dialog.showModal();
    }
  }

  private async furnish(): Promise<Pictures> {
    const { Pictures } = await import("../capture/pictures");
    this.main.append(this.sheet.dialog);
    const options = { caseId: this.queue.caseId, mayAdd: true, mayDecide: this.mayDecide, queue: this.queue };
    return new Pictures(this.place, options);
  }
}
