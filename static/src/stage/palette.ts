import { t } from "../ui/text";
import { made } from "./elements";
import { type Colour, COLOURS } from "./schema";

const NAMES: Readonly<Record<Colour, () => string>> = {
  "#ffd400": () => t("Yellow"),
  "#3ddc84": () => t("Green"),
  "#4cc9ff": () => t("Blue"),
  "#ff7ab8": () => t("Pink"),
  "#ffffff": () => t("White"),
};

/** The five colours that can be told apart on grey, by eye and by name. */
export class Palette {
  readonly root = made("div", "stage-palette");
  private readonly swatches = new Map<Colour, HTMLButtonElement>();

  constructor(choose: (colour: Colour) => void) {
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", t("Colour"));
    for (const colour of COLOURS) {
      const swatch = made("button", "stage-swatch", made("i", ""));
      swatch.type = "button";
      swatch.title = NAMES[colour]();
      swatch.setAttribute("aria-label", NAMES[colour]());
      swatch.style.setProperty("--ink", colour);
      swatch.addEventListener("click", () => choose(colour));
      this.swatches.set(colour, swatch);
      this.root.append(swatch);
    }
  }

  show(chosen: Colour): void {
    for (const [colour, swatch] of this.swatches) {
      swatch.setAttribute("aria-pressed", String(colour === chosen));
    }
  }
}
