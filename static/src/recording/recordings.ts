import type { Connection } from "../realtime/connection";
import type { Commands, RecordingInfo, RecordingPerson } from "../realtime/protocol";

export type Besides = Commands["ask_to_record"]["message"]["beside"];

export interface Words {
  readonly version: string;
  readonly language: string;
}

export interface RecordingsOptions {
  readonly connection: Pick<Connection, "on" | "onConnect" | "request">;
  readonly me: string;
  /** Sends nothing of ours until the function that it gives is called. */
  hush(): () => void;
}

const OPEN = new Set(["asking", "recording", "paused"]);

/** The recording of this room's call: how it stands, and what one may say to it. */
export class Recordings {
  /** The one that runs or is asked for. */
  info: RecordingInfo | null = null;
  private readonly listeners = new Set<(ended: RecordingInfo | null) => void>();
  private readonly released: (() => void)[] = [];
  /** The recording that was answered here: news from before the answer may still be on its way. */
  private answered = "";
  private unsaid: { id: string; person: RecordingPerson["person"] }[] = [];

  constructor(private readonly options: RecordingsOptions) {
    options.connection.on("recording_changed", ({ recording }) => this.take(recording));
    options.connection.onConnect(() => this.load());
  }

  /** Hears of every change; `ended` is the recording that is over by it. */
  onChange(listener: (ended: RecordingInfo | null) => void): void {
    this.listeners.add(listener);
  }

  /** What was answered on this page, for oneself and those beside one. */
  get own(): readonly RecordingPerson[] {
    return this.info?.people.filter((one) => one.participant_id === this.options.me) ?? [];
  }

  /** Whether this person has still to answer. */
  get isAsked(): boolean {
    const waits = this.own.some((one) => one.person === "self" && one.answer === "asked");
    return waits && this.info?.recording_id !== this.answered;
  }

  /** Whose answer is missing, but one's own. */
  get missing(): readonly string[] {
    return this.info?.people.filter((one) => one.answer === "asked" && one.participant_id !== this.options.me).map((one) => one.name) ?? [];
  }

  async load(): Promise<void> {
    await this.sayUnsaid();
    const { recording } = await this.options.connection.request("watch_recording", {});
    this.set(recording);
  }

  async ask(pictures: boolean, words: Words, beside: Besides): Promise<void> {
    const message = { pictures, text_version: words.version, language: words.language, beside };
    this.set((await this.options.connection.request("ask_to_record", message)).recording);
  }

  async answer(agree: boolean, words: Words, beside: Besides): Promise<void> {
    if (this.info) {
      const message = { recording_id: this.info.recording_id, agree, text_version: words.version, language: words.language, beside };
      await this.options.connection.request("answer_recording", message);
      this.answered = message.recording_id;
    }
  }

  /** Takes a yes back. Nothing of ours is sent until the server has heard it: at once, or when the line is there again. */
  async withdraw(person: RecordingPerson["person"]): Promise<void> {
    if (!this.info) {
      return;
    }
    const said = { id: this.info.recording_id, person };
    const release = this.options.hush();
    this.unsaid.push(said);
    this.released.push(release);
    await this.sayUnsaid();
  }

  private async sayUnsaid(): Promise<void> {
    for (const said of [...this.unsaid]) {
      await this.options.connection.request("withdraw_recording", { recording_id: said.id, person: said.person });
      this.unsaid = this.unsaid.filter((one) => one !== said);
    }
    this.released.splice(0).forEach((release) => release());
  }

  async stop(): Promise<void> {
    if (this.info) {
      await this.options.connection.request("stop_recording", { recording_id: this.info.recording_id });
    }
  }

  private take(recording: RecordingInfo): void {
    if (OPEN.has(recording.state)) {
      this.set(recording);
    } else if (this.info?.recording_id === recording.recording_id) {
      this.info = null;
      this.listeners.forEach((tell) => tell(recording));
    }
  }

  private set(recording: RecordingInfo | null): void {
    this.info = recording;
    this.listeners.forEach((tell) => tell(null));
  }
}
