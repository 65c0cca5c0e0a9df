import "../styles/sources.css";
import type { Capture, Devices, Source } from "../call/capture";
import type { Problem } from "../call/problems";
import { icon } from "../ui/icon";
import { t } from "../ui/text";

/** Chooses what is shown and by what is spoken, in mid-call; the lists follow what is plugged in. */
export class Sources {
  private readonly dialog = document.createElement("dialog");
  private readonly cameras = list();
  private readonly microphones = list();
  private readonly said = document.createElement("p");
  private readonly detail = document.createElement("input");
  private readonly redraw = (): void => void this.draw();

  constructor(
    parent: HTMLElement,
    private readonly capture: Capture,
    private readonly devices: Devices,
  ) {
    const title = document.createElement("h2");
    title.id = "sources-title";
    title.textContent = t("Cameras and microphones");
    const close = button("x", t("Close"), () => this.dialog.close());
    const head = document.createElement("header");
    head.append(title, close);
    this.dialog.className = "sources-sheet";
    this.dialog.setAttribute("aria-labelledby", title.id);
    this.said.setAttribute("role", "status");
    this.detail.type = "checkbox";
    const sharp = document.createElement("label");
    sharp.append(this.detail, t("Sharp and slow: an ultrasound's capture card, a film, a screen"));
    this.dialog.append(head, heading(t("Picture")), sharp, this.cameras, heading(t("Microphone")), this.microphones, this.said);
    this.dialog.addEventListener("close", () => devices.removeEventListener("devicechange", this.redraw));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    parent.append(this.dialog);
  }

  async open(): Promise<void> {
    const { source } = this.capture;
    this.detail.checked = source?.kind === "device" && source.detail;
    this.said.textContent = "";
    this.devices.addEventListener("devicechange", this.redraw);
    await this.draw();
    this.dialog.showModal();
  }

  private async draw(): Promise<void> {
    const found = await this.devices.enumerateDevices();
    const shown = this.capture.source?.kind === "window" ? "" : this.capture.videoTrack?.getSettings().deviceId;
    const heard = this.capture.audioTrack?.getSettings().deviceId;
    const cameras = found.filter(({ kind }) => kind === "videoinput").map((one, at) =>
      this.choice("video", one.label || t("Camera %(number)s", { number: at + 1 }), one.deviceId === shown, () => this.show({ kind: "device", id: one.deviceId, detail: this.detail.checked })),
    );
    if (this.devices.getDisplayMedia) {
      const isShown = this.capture.source?.kind === "window";
      cameras.push(this.choice("presentation", t("A window of this computer"), isShown, () => this.show({ kind: "window" })));
    }
    const microphones = found.filter(({ kind }) => kind === "audioinput").map((one, at) =>
      this.choice("mic", one.label || t("Microphone %(number)s", { number: at + 1 }), one.deviceId === heard, () => this.capture.useMicrophone(one.deviceId)),
    );
    this.cameras.replaceChildren(...orNone(cameras, t("No camera was found.")));
    this.microphones.replaceChildren(...orNone(microphones, t("No microphone was found.")));
  }

  private show(source: Source): Promise<Problem | null> {
    return this.capture.show(source);
  }

  private choice(name: string, words: string, isOn: boolean, choose: () => Promise<Problem | null>): HTMLElement {
    const item = document.createElement("li");
    const made = button(isOn ? "check" : name, words, () => void this.chosen(choose));
    made.setAttribute("aria-pressed", String(isOn));
    item.append(made);
    return item;
  }

  private async chosen(choose: () => Promise<Problem | null>): Promise<void> {
    this.said.textContent = t("Changing…");
    const problem = await choose();
    this.said.textContent = problem === null ? "" : `${problem.sentence} ${problem.advice}`;
    await this.draw();
    if (problem === null) {
      this.dialog.close();
    }
  }
}

function list(): HTMLUListElement {
  const made = document.createElement("ul");
  made.className = "plain-list";
  return made;
}

function heading(words: string): HTMLElement {
  const made = document.createElement("h3");
  made.textContent = words;
  return made;
}

function orNone(choices: readonly HTMLElement[], words: string): readonly HTMLElement[] {
  if (choices.length > 0) {
    return choices;
  }
  const none = document.createElement("li");
  none.textContent = words;
  return [none];
}

function button(name: string, words: string, onTap: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.append(icon(name), words);
  made.addEventListener("click", onTap);
  return made;
}
