import type { RecordingInfo } from "../realtime/protocol";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { Dialogs } from "./dialogs";
import type { Recordings } from "./recordings";

export interface SignOptions {
  readonly recordings: Recordings;
  readonly room: HTMLElement;
  /** Where the sign stands, and where a doctor asks. */
  readonly sign: HTMLElement;
  readonly controls: HTMLElement;
  readonly mayAsk: boolean;
  /** Whether people beside this page are asked here too. */
  readonly answersForOthers: boolean;
  inCall(): boolean;
  onCall(changed: () => void): void;
  say(sentence: string, kind?: "info" | "warning"): void;
}

/** The sign that the call is recorded, for everybody; what opens from it is fetched when somebody needs it. */
export class RecordingSign {
  private readonly chip = document.createElement("button");
  private readonly dot = document.createElement("span");
  private readonly words = document.createElement("span");
  private readonly aloud = document.createElement("p");
  private readonly begin = document.createElement("button");
  private dialogs: Promise<Dialogs> | undefined;

  constructor(private readonly options: SignOptions) {
    this.chip.type = "button";
    this.chip.className = "recording-sign";
    this.dot.className = "recording-dot";
    this.chip.append(this.dot, this.words);
    this.chip.addEventListener("click", () => void this.open());
    this.aloud.className = "visually-hidden";
    this.aloud.setAttribute("role", "status");
    options.sign.append(this.chip, this.aloud);
    this.begin.type = "button";
    this.begin.className = "room-button recording-begin";
    this.begin.append(icon("mic"), t("Record the talk"));
    this.begin.addEventListener("click", () => void this.open());
    options.controls.append(this.begin);
    options.recordings.onChange((ended) => this.changed(ended));
    options.onCall(() => this.changed(null));
    this.draw();
  }

  private changed(ended: RecordingInfo | null): void {
    this.draw();
    if (ended) {
      this.options.say(endedWords(ended), ended.reason === "failed" ? "warning" : "info");
    }
    if (this.options.recordings.isAsked && this.options.inCall()) {
      void this.open(); // also whoever joins a call that is recorded: before they are heard
    } else {
      void this.dialogs?.then((dialogs) => dialogs.changed());
    }
  }

  private draw(): void {
    const { recordings, mayAsk } = this.options;
    const info = recordings.info;
    const words = info ? signWords(info, recordings.missing) : "";
    this.chip.hidden = !info;
    this.chip.dataset.state = info?.state ?? "none";
    this.words.textContent = info ? shortWords(info) : "";
    this.chip.title = words;
    if (this.aloud.textContent !== words) {
      this.aloud.textContent = words;
    }
    this.begin.hidden = !mayAsk || info !== null || !this.options.inCall();
  }

  private async open(): Promise<void> {
    this.dialogs ??= import("./dialogs").then(({ Dialogs }) => new Dialogs(this.options));
    try {
      (await this.dialogs).open();
    } catch {
      this.dialogs = undefined;
      this.options.say(t("This could not be opened. Try again in a moment."), "warning");
    }
  }
}

function shortWords(info: RecordingInfo): string {
  return { recording: t("Recording"), paused: t("Recording paused"), asking: t("Not recording yet") }[info.state as string] ?? "";
}

/** What is read aloud when it changes, and stands in the dialog. */
export function signWords(info: RecordingInfo, missing: readonly string[]): string {
  if (info.state === "recording") {
    return t("This talk is being recorded.");
  }
  if (missing.length > 0) {
    const names = missing.join(", ");
    return info.state === "asking"
      ? t("Nothing is recorded until everybody has said yes. Waiting for: %(names)s", { names })
      : t("Recording paused: nothing is recorded until everybody here has said yes. Waiting for: %(names)s", { names });
  }
  return info.state === "asking" ? t("%(name)s asks to record this talk.", { name: info.asked_by_name }) : t("Recording paused. Nothing is recorded now.");
}

function endedWords(info: RecordingInfo): string {
  if (info.state === "declined") {
    return t("Nothing was recorded: not everybody agreed.");
  }
  const sentences: Record<string, string> = {
    withdrawn: t("Recording stopped: somebody took back their consent. Nothing after that is kept."),
    declined: t("Recording stopped: not everybody agreed."),
    failed: t("Recording stopped: it could not be stored. What was recorded before is kept. Tell whoever looks after this installation."),
  };
  return sentences[info.reason] ?? t("Recording stopped. What was recorded is kept with the consult.");
}
