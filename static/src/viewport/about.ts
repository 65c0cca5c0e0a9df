import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { InstanceManifest } from "./manifest";

/** Everything that must or should be said beside a picture, the gravest first. */
export function notesOf({ cautions, advice, hold, scale }: Pick<InstanceManifest, "cautions" | "advice" | "hold" | "scale">): readonly string[] {
  const confirmed =
    hold?.state === "confirmed"
      ? [t("The file names another patient. %(name)s says it is this one: %(reason)s", { name: hold.by, reason: hold.reason })]
      : [];
  const ruled = scale
    ? [t("Lengths are estimated: %(name)s measured a ruler of %(length)s mm in the picture.", { name: scale.by, length: scale.length_mm })]
    : [];
  return [...confirmed, ...ruled, ...cautions, ...advice];
}

/** A mark above the quality badge: how many notes there are about the picture; a tap reads them. Never in the way. */
export class About {
  readonly root = document.createElement("div");
  private readonly button = document.createElement("button");
  private readonly count = document.createElement("span");
  private readonly list = document.createElement("ul");
  private shown = "";

  constructor() {
    this.root.className = "mark-about";
    this.button.type = "button";
    this.button.className = "mark-badge mark-about-button";
    this.button.append(icon("triangle-alert"), this.count);
    this.button.addEventListener("click", () => this.open(this.list.hidden));
    this.list.className = "mark-notes";
    this.list.id = "about-picture";
    this.button.setAttribute("aria-controls", this.list.id);
    this.root.append(this.list, this.button);
    this.open(false);
  }

  show(manifest: InstanceManifest): void {
    const notes = notesOf(manifest);
    const key = `${manifest.id}\n${notes.join("\n")}`;
    if (key === this.shown) {
      return;
    }
    this.shown = key;
    this.root.hidden = notes.length === 0;
    this.count.textContent = notes.length === 1 ? t("1 note on this picture") : t("%(count)s notes on this picture", { count: notes.length });
    this.list.replaceChildren(
      ...notes.map((words) => {
        const line = document.createElement("li");
        line.textContent = words;
        return line;
      }),
    );
    this.open(false);
  }

  private open(on: boolean): void {
    this.list.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
  }
}
