import { t } from "../ui/text";
import { IconButton, made } from "./elements";
import { Palette } from "./palette";
import type { Annotation, Colour } from "./schema";

export interface SelectionActions {
  paint(colour: Colour): void;
  write(): void;
  report(): void;
  ruler(): void;
  remove(): void;
}

/** What can be done with the selected drawing; with another's only what is not theirs alone. */
export class SelectionBar {
  readonly root = made("div", "stage-selection");
  private readonly author = made("p", "stage-selection-author");
  private readonly palette: Palette;
  private readonly colour: IconButton;
  private readonly text: IconButton;
  private readonly report: IconButton;
  private readonly ruler: IconButton;
  private readonly remove: IconButton;
  private shown: Annotation | null = null;

  constructor(actions: SelectionActions) {
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", t("Drawing"));
    this.palette = new Palette((colour) => {
      this.palette.root.hidden = true;
      actions.paint(colour);
    });
    this.colour = new IconButton("circle", t("Colour"), () => this.togglePalette());
    this.colour.root.classList.add("stage-tool-colour");
    this.text = new IconButton("type", t("Text"), () => actions.write());
    this.report = new IconButton("bookmark-plus", t("Use in report"), () => actions.report());
    this.ruler = new IconButton("ruler", t("A ruler"), () => actions.ruler());
    this.remove = new IconButton("trash-2", t("Delete"), () => actions.remove());
    const row = made("div", "stage-selection-row");
    row.append(this.colour.root, this.text.root, this.report.root, this.ruler.root, this.remove.root);
    this.root.append(this.author, this.palette.root, row);
    this.show(null, { own: false, inReport: false, atTop: false, ruler: false });
  }

  show(annotation: Annotation | null, how: { own: boolean; inReport: boolean; atTop: boolean; ruler: boolean }): void {
    this.root.hidden = annotation === null;
    if (annotation === null || annotation.created_at !== this.shown?.created_at) {
      this.palette.root.hidden = true;
    }
    this.shown = annotation;
    if (!annotation) {
      return;
    }
    this.author.textContent = how.own ? "" : t("Drawn by %(name)s", { name: annotation.author_name });
    this.author.hidden = how.own;
    for (const button of [this.colour, this.text, this.remove]) {
      button.root.hidden = !how.own;
    }
    this.ruler.root.hidden = !how.ruler;
    this.report.relabel(
      how.inReport ? "bookmark-check" : "bookmark-plus",
      how.inReport ? t("In the report") : t("Use in report"),
    );
    this.report.pressed = how.inReport;
    this.palette.show(annotation.colour);
    this.root.style.setProperty("--ink", annotation.colour);
    this.root.classList.toggle("stage-selection-top", how.atTop);
  }

  private togglePalette(): void {
    this.palette.root.hidden = !this.palette.root.hidden;
  }
}
