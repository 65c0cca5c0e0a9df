import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { Call, CallState } from "./call";
import type { Problem } from "./problems";

export interface ControlsOptions {
  readonly call: Call;
  /** Where a problem is told; in the bar itself unless given. */
  readonly notices?: HTMLElement;
  /** The name of someone who is in the call already. */
  nameOf(participantId: string): { readonly name: string };
  /** After hanging up. */
  onLeft?(): void;
}

/** A button whose drawing and words follow a state. */
class Toggle {
  readonly element = document.createElement("button");
  private drawn = "";

  constructor(className: string, onTap: () => void) {
    this.element.type = "button";
    this.element.className = `room-button ${className}`;
    this.element.addEventListener("click", onTap);
  }

  draw(name: string, words: string, pressed?: boolean): void {
    if (pressed !== undefined) {
      this.element.setAttribute("aria-pressed", String(pressed));
    }
    if (this.drawn !== name + words) {
      this.drawn = name + words;
      this.element.replaceChildren(icon(name), words);
    }
  }
}

/** The bar's buttons; what cannot be done at the moment is not there. */
export class ControlsView {
  private readonly bar = document.createElement("div");
  private readonly waiting = document.createElement("p");
  private readonly notice: NoticeView;
  private readonly mic = new Toggle("call-mic", () => void this.call.setAudio(!this.call.own.audio));
  private readonly camera = new Toggle("call-camera", () => void this.call.setVideo(!this.call.own.video));
  private readonly flip = new Toggle("call-flip", () => void this.call.flip());
  private readonly voice = new Toggle("call-voice", () => void this.call.setAudioOnly(!this.call.own.audioOnly));
  private readonly leave = new Toggle("call-leave", () => void this.hangUp());
  private readonly join = new Toggle("main call-join", () => void this.call.join({ audio: true, video: true }));
  private readonly joinVoice = new Toggle("call-join-voice", () => void this.call.join({ audio: true, video: false }));
  private readonly off: (() => void)[];
  private others: readonly string[] = [];

  constructor(
    element: HTMLElement,
    private readonly options: ControlsOptions,
  ) {
    const { call } = options;
    this.bar.className = "call-controls";
    this.waiting.className = "call-waiting";
    this.notice = new NoticeView(call, options.notices ?? element);
    element.prepend(this.bar);
    this.off = [
      call.on("own", () => this.draw()),
      call.on("state", () => this.draw()),
      call.on("waiting", (others) => {
        this.others = others;
        this.draw();
      }),
    ];
    this.draw();
  }

  close(): void {
    this.off.forEach((stop) => stop());
    this.notice.draw(null);
    this.bar.remove();
  }

  private get call(): Call {
    return this.options.call;
  }

  private async hangUp(): Promise<void> {
    await this.call.leave();
    this.options.onLeft?.();
  }

  private draw(): void {
    const { own, state } = this.call;
    const isIn = state.kind === "in" || state.kind === "joining";
    this.drawButtons();
    this.flip.element.hidden = !own.video;
    for (const { element } of [this.join, this.joinVoice]) {
      element.disabled = state.kind === "leaving";
    }
    this.waiting.textContent = stateWords(state, isIn ? [] : this.others.map((id) => this.options.nameOf(id).name));
    const buttons = isIn ? [this.mic, this.camera, this.flip, this.voice, this.leave] : [this.join, this.joinVoice];
    const wanted = [this.waiting, ...buttons.map((button) => button.element)];
    // Only when they differ: taking a button out and putting it back loses the focus on it.
    if (wanted.length !== this.bar.children.length || wanted.some((child, at) => child !== this.bar.children[at])) {
      this.bar.replaceChildren(...wanted);
    }
    this.notice.draw(state.kind === "failed" ? state.reason : own.problem);
  }

  private drawButtons(): void {
    const { own } = this.call;
    this.mic.draw(own.audio ? "mic" : "mic-off", own.audio ? t("Mute") : t("Unmute"));
    this.camera.draw(own.video ? "video" : "video-off", own.video ? t("Camera off") : t("Camera on"));
    this.flip.draw("switch-camera", t("Other camera"));
    this.voice.draw("headphones", t("Voice only"), own.audioOnly);
    this.leave.draw("phone-off", t("Leave call"));
    this.join.draw("phone", t("Join call"));
    this.joinVoice.draw("headphones", t("Join with voice only"));
  }
}

function stateWords(state: CallState, waiting: readonly string[]): string {
  if (state.kind === "joining") {
    return t("Starting microphone and camera. Allow them if the browser asks.");
  }
  const [first, second] = waiting;
  if (first === undefined) {
    return "";
  }
  return second === undefined
    ? t("%(name)s is in the call", { name: first })
    : t("%(name)s and others are in the call", { name: first });
}

/** What is wrong on this side and what to do about it, until it is read. */
class NoticeView {
  private readonly element = document.createElement("div");
  private readonly words = document.createElement("p");
  private told: Problem | null = null;

  constructor(
    call: Call,
    private readonly parent: HTMLElement,
  ) {
    const done = document.createElement("button");
    this.element.className = "call-notice";
    this.element.setAttribute("role", "alert");
    done.type = "button";
    done.className = "room-button";
    done.textContent = t("Understood");
    done.addEventListener("click", () => {
      call.dismissProblem();
      this.element.remove();
    });
    this.element.append(this.words, done);
  }

  draw(problem: Problem | null): void {
    if (problem === this.told) {
      return;
    }
    this.told = problem;
    if (problem === null) {
      this.element.remove();
      return;
    }
    this.words.replaceChildren(icon("triangle-alert"), `${problem.sentence} ${problem.advice}`);
    this.parent.append(this.element);
  }
}
