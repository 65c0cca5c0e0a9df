import type { Call } from "../call/call";
import { megabytes, type DataMeter } from "../call/meter";
import { t } from "../ui/text";
import type { GivingWay } from "./giving_way";

const DRAW_MS = 2_000;

/** What the consult has cost so far, where the link is told; behind it the choice of what the call sends. */
export function mountLinkButton(line: HTMLElement, main: HTMLElement, call: Call, meter: DataMeter, way: GivingWay): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "room-button room-data";
  button.setAttribute("aria-haspopup", "dialog");
  const draw = (): void => {
    const { voice, video, images } = meter.use;
    const words = t("%(megabytes)s MB", { megabytes: megabytes(voice + video + images) });
    if (button.textContent !== words) {
      button.textContent = words;
      button.setAttribute("aria-label", t("Data and video: %(megabytes)s so far", { megabytes: words }));
    }
  };
  button.addEventListener("click", () => {
    void import("./link_sheet").then(({ openLinkSheet }) => openLinkSheet(main, call, meter, way));
  });
  line.after(button);
  draw();
  setInterval(draw, DRAW_MS);
}
