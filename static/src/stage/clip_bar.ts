import { t } from "../ui/text";
import { isHeld } from "../viewport/held_picture";
import type { Viewport } from "../viewport/viewport";
import { IconButton, made } from "./elements";

/** Under a clip: step, play, scrub, loop. For those who may not move it, only where it stands. */
export class ClipBar {
  readonly root = made("div", "stage-clip");
  private readonly slider = made("input", "stage-scrub");
  private readonly label = made("output", "stage-clip-label");
  private readonly play: IconButton;
  private readonly loop: IconButton;
  private readonly buttons: readonly IconButton[];

  constructor(
    private readonly viewport: Viewport,
    private readonly mayMove: () => boolean,
    private readonly handling: boolean,
    /** Whether playing has its own button among the tools. */
    private readonly playedElsewhere: boolean,
  ) {
    const back = new IconButton("step-back", t("Back"), () => viewport.controls.stepFrame(-1));
    const on = new IconButton("step-forward", t("Next"), () => viewport.controls.stepFrame(1));
    this.play = new IconButton("play", t("Play"), () => viewport.controls.togglePlay());
    this.loop = new IconButton("repeat", t("Loop"), () => this.toggleLoop());
    this.buttons = [back, this.play, on, this.loop];
    this.slider.type = "range";
    this.slider.min = "1";
    this.slider.setAttribute("aria-label", t("Frame"));
    this.slider.addEventListener("input", () => this.scrubbed());
    this.root.append(back.root, this.play.root, on.root, this.slider, this.label, this.loop.root);
    this.update();
  }

  update(): void {
    const instance = this.viewport.instance;
    this.root.hidden = !instance || instance.frames < 2 || instance.state === "unusable" || isHeld(instance);
    if (!instance || this.root.hidden) {
      return;
    }
    for (const button of this.buttons) {
      button.root.hidden = !this.handling;
    }
    this.play.root.hidden = !this.handling || this.playedElsewhere;
    const playing = this.viewport.playing !== null;
    this.play.relabel(playing ? "pause" : "play", playing ? t("Pause") : t("Play"));
    this.loop.pressed = this.viewport.loop;
    this.slider.disabled = !this.handling;
    this.slider.max = String(instance.frames);
    this.slider.value = String(this.viewport.wantedFrame);
    this.slider.style.setProperty("--part", String((this.viewport.wantedFrame - 1) / Math.max(1, instance.frames - 1)));
    const words = t("%(frame)s of %(frames)s", { frame: this.viewport.wantedFrame, frames: instance.frames });
    this.slider.setAttribute("aria-valuetext", words);
    this.label.textContent = `${this.viewport.wantedFrame}/${instance.frames}`;
  }

  private scrubbed(): void {
    if (this.mayMove()) {
      this.viewport.seek(Number(this.slider.value), true);
    } else {
      this.update();
    }
  }

  private toggleLoop(): void {
    this.viewport.loop = !this.viewport.loop;
    this.update();
  }
}
