import { t } from "../ui/text";
import { About } from "./about";
import type { FileOverlays } from "./file_overlays";
import { ModelMark } from "./model_mark";
import { type ScaleBar, scaleBar } from "./geometry";
import { type InstanceManifest, type Meaning, meaningOf, type VoiWindow } from "./manifest";
import type { Quality } from "./picture";
import { sideMark } from "./sides";
import { edgesOnScreen, type Placement } from "./view";
import { defaultWindow, sameWindow } from "./voi_window";

export interface OverlayState {
  readonly manifest: InstanceManifest;
  readonly placement: Placement;
  readonly window: VoiWindow;
  readonly invert: boolean;
  readonly quality: Quality;
  readonly frame: number;
  /** Who else looks at the same picture in another quality: "Dr Rao sees: Preview". */
  readonly others: string;
}

/** What the quality badge says: never better than what is on the screen. */
export function qualityWords(quality: Quality): string {
  const words = levelWords(quality);
  if (quality.lossless > 0 && quality.lossless < 1) {
    return t("%(level)s · lossless %(percent)s %%", { level: words, percent: Math.floor(quality.lossless * 100) });
  }
  if (quality.fetching && quality.level !== "clip" && quality.level !== "lossless") {
    return t("%(level)s · lossless is coming", { level: words });
  }
  return quality.approximate && quality.level !== "clip" ? t("%(level)s · window approximate", { level: words }) : words;
}

/** Of which original it is: one that is here, one on its way, or one that will not come. */
function originalWords(words: string, { state, reason }: InstanceManifest): string {
  if (state !== "provisional") {
    return words;
  }
  return reason === null
    ? t("%(level)s · its file is on the way", { level: words })
    : t("%(level)s · its file never came", { level: words });
}

function levelWords({ level, small }: Quality): string {
  switch (level) {
    case "none":
      return t("Nothing yet");
    case "thumbnail":
      return t("Thumbnail");
    case "tablet":
      return t("Preview from the tablet");
    case "preview":
      return t("Preview");
    case "full":
      return t("Full size");
    case "lossless":
      return t("Lossless");
    case "clip":
      return small ? t("Clip, small") : t("Clip");
  }
}

/** The same for what another person's view says of itself. */
export function levelName(level: "tablet" | "preview" | "full" | "lossless" | "clip"): string {
  return levelWords({ level, lossless: 0, fetching: false, approximate: false, small: false, offered: false });
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

/** Writes only what is new: a text set again is laid out again, sixty times a second. */
function say(element: HTMLElement, words: string): void {
  if (element.textContent !== words) {
    element.textContent = words;
  }
}

const SIDES = ["left", "top", "right", "bottom"] as const;

/** What radiologists expect around a picture: orientation, scale, window values, quality, frame. */
export class Overlay {
  readonly root = element("div", "marks");
  private readonly sides = SIDES.map((side) => element("span", `mark mark-side mark-${side}`));
  private readonly told = element("span", "mark mark-told");
  private readonly badge = element("button", "mark-badge");
  private readonly about = new About();
  private readonly model = new ModelMark();
  private readonly others = element("span", "mark-others");
  private readonly frame = element("span", "mark mark-frame");
  private readonly window = element("span", "mark mark-window");
  private readonly scale = element("span", "mark mark-scale");
  private readonly bar = element("i", "mark-bar");
  private readonly length = element("span", "mark-length");

  constructor(
    askForLossless: () => void,
    readonly drawings: FileOverlays,
  ) {
    this.badge.type = "button";
    this.badge.addEventListener("click", askForLossless);
    this.scale.append(this.length, this.bar);
    const quality = element("div", "mark-quality");
    quality.append(this.badge, this.others, drawings.button, this.about.root, this.model.root);
    this.root.append(...this.sides, this.told, quality, this.frame, this.window, this.scale);
    this.clear();
  }

  get hidden(): boolean {
    return this.root.classList.contains("marks-off");
  }

  set hidden(hidden: boolean) {
    this.root.classList.toggle("marks-off", hidden);
  }

  clear(): void {
    this.root.hidden = true;
  }

  update(state: OverlayState): void {
    const { manifest, placement, quality } = state;
    this.root.hidden = false;
    const meaning = meaningOf(manifest, state.frame);
    const { left, top, right, bottom } = meaning.orientation;
    const letters = [left, top, right, bottom];
    edgesOnScreen(placement.rotation, placement.flip).forEach((edge, side) => {
      const mark = this.sides[side];
      if (mark) {
        say(mark, letters[edge] ?? "");
      }
    });
    say(this.told, manifest.side ? sideMark(manifest.side) : "");
    this.updateBadge(quality, manifest);
    this.about.show(manifest);
    this.model.show(manifest);
    say(this.others, state.others);
    const { frames } = manifest;
    say(this.frame, frames > 1 ? t("%(frame)s of %(frames)s", { frame: state.frame, frames }) : "");
    this.updateWindow(state);
    this.updateScale(scaleBar(placement.zoom, placement.center, meaning.calibration), meaning);
  }

  /** A bar where there is one; where nothing in the picture can be measured, that and why. */
  private updateScale(scale: ScaleBar | null, { uncalibrated }: Meaning): void {
    this.scale.hidden = scale === null && uncalibrated === null;
    this.bar.hidden = scale === null;
    if (scale) {
      this.bar.style.width = `${scale.pixels.toFixed(1)}px`;
    }
    say(this.length, scale?.label ?? (uncalibrated === null ? "" : t("Uncalibrated. %(reason)s", { reason: uncalibrated })));
  }

  private updateBadge(quality: Quality, manifest: InstanceManifest): void {
    const words = originalWords(qualityWords(quality), manifest);
    if (this.badge.textContent === words && this.badge.disabled === !quality.offered) {
      return;
    }
    this.badge.dataset.level = quality.level;
    this.badge.classList.toggle("mark-badge-more", quality.offered);
    this.badge.setAttribute("aria-label", t("Quality: %(words)s", { words }));
    this.badge.disabled = !quality.offered;
    this.badge.title = quality.offered ? t("Fetch the lossless pixels of what is visible") : manifest.file_name;
    say(this.badge, words);
  }

  private updateWindow({ manifest, window, invert, frame }: OverlayState): void {
    const own = meaningOf(manifest, frame).window;
    const shown = own && sameWindow(window, defaultWindow(manifest)) ? own : window;
    const values = { center: tidy(shown.center), width: tidy(shown.width) };
    const grey = manifest.photometric !== "RGB" || window.width !== 256 || window.center !== 128;
    const words = grey ? t("W %(width)s  C %(center)s", values) : "";
    say(this.window, invert ? `${words} ${t("inverted")}`.trim() : words);
  }
}

function tidy(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}
