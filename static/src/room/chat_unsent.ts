import type { Transfer } from "../capture/transfer";
import { CommandError } from "../realtime/errors";
import type { SendMessage, SentMessage } from "../realtime/protocol";

/** A picture that goes with a message: this device's own name for it, and the server's as soon as there is one. */
export interface UnsentFile {
  readonly key: string;
  readonly name: string;
  readonly uploadId: string | null;
}

/** A message that the server has not acknowledged. */
export interface UnsentMessage {
  /** Our own name for it: sent again, it is still one message. */
  readonly clientId: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
  readonly file: UnsentFile | null;
  /** Why the server will not have it; it stays until the person sends it again or puts it away. */
  readonly refusal: string | null;
}

/** Where unsent messages outlive the page. */
export interface UnsentStore {
  all(): Promise<readonly UnsentMessage[]>;
  put(message: UnsentMessage): Promise<void>;
  remove(clientId: string): Promise<void>;
}

export interface UnsentOptions {
  readonly store: UnsentStore;
  send(message: SendMessage): Promise<SentMessage>;
  /** What this device is sending: a picture's message waits until the server has a name for its file. */
  transfers(): readonly Transfer[];
  /** A message is kept by the server. */
  sent(reply: SentMessage): void;
  later(ms: number, act: () => void): void;
}

const SLOW_DOWN_MS = 1100;
const TRY_AGAIN_MS = 3000;
/** Codes after which the same message may well be taken: the link, the rate, a fault of the server's. */
const PASSING = new Set(["offline", "timeout", "too_many", "error"]);

/** What was written and not yet acknowledged: kept on this device, sent in order, each once. Knows no DOM. */
export class Unsent {
  private messages: UnsentMessage[] = [];
  private readonly handlers = new Set<() => void>();
  private sending = false;
  private waiting = false;

  constructor(private readonly options: UnsentOptions) {}

  get all(): readonly UnsentMessage[] {
    return this.messages;
  }

  onChange(handler: () => void): void {
    this.handlers.add(handler);
  }

  /** Takes up what an earlier page left. */
  async load(): Promise<void> {
    const kept = await this.options.store.all();
    const here = new Set(this.messages.map((one) => one.clientId));
    this.messages = [...kept.filter((one) => !here.has(one.clientId)), ...this.messages];
    this.messages.sort((one, other) => one.writtenAt - other.writtenAt);
    this.tell();
    void this.pump();
  }

  async add(message: UnsentMessage): Promise<void> {
    this.messages.push(message);
    this.tell();
    await this.options.store.put(message);
    await this.pump();
  }

  /** Sends a refused one again; `withoutFile`: its words alone. */
  async again(clientId: string, withoutFile = false): Promise<void> {
    const found = this.messages.find((one) => one.clientId === clientId);
    if (found) {
      await this.replace({ ...found, refusal: null, file: withoutFile ? null : found.file });
      await this.pump();
    }
  }

  /** Takes one off the list: the server has it, or the person gives it up. */
  async drop(clientId: string): Promise<void> {
    this.messages = this.messages.filter((one) => one.clientId !== clientId);
    this.tell();
    await this.options.store.remove(clientId);
  }

  /** Sends what can be sent; call it whenever the link is up or a file has moved on. */
  async pump(): Promise<void> {
    if (this.sending) {
      return;
    }
    this.sending = true;
    try {
      let goesOn = true;
      while (goesOn) {
        await this.nameFiles();
        const next = this.next();
        goesOn = next !== undefined && (await this.sendOne(next));
      }
    } finally {
      this.sending = false;
    }
  }

  private next(): UnsentMessage | undefined {
    return this.messages.find((one) => one.refusal === null && one.file?.uploadId !== null);
  }

  /** Writes down the server's names for files, for the queue forgets those that have arrived. */
  private async nameFiles(): Promise<void> {
    for (const message of this.messages.filter((one) => one.file?.uploadId === null)) {
      const uploadId = this.options.transfers().find((one) => one.key === message.file?.key)?.uploadId ?? null;
      if (message.file !== null && uploadId !== null) {
        await this.replace({ ...message, file: { ...message.file, uploadId } });
      }
    }
  }

  private async sendOne(message: UnsentMessage): Promise<boolean> {
    const upload = message.file?.uploadId ?? null;
    try {
      const reply = await this.options.send({ client_id: message.clientId, text: message.text, upload_id: upload });
      this.options.sent(reply);
      await this.drop(message.clientId);
      return true;
    } catch (error) {
      return this.failed(message, error);
    }
  }

  private async failed(message: UnsentMessage, error: unknown): Promise<boolean> {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    if (!PASSING.has(error.code)) {
      await this.replace({ ...message, refusal: error.message });
      return true; // those behind it may still be taken
    }
    if (!this.waiting) {
      this.waiting = true;
      this.options.later(error.code === "too_many" ? SLOW_DOWN_MS : TRY_AGAIN_MS, () => {
        this.waiting = false;
        void this.pump();
      });
    }
    return false;
  }

  private async replace(message: UnsentMessage): Promise<void> {
    this.messages = this.messages.map((one) => (one.clientId === message.clientId ? message : one));
    this.tell();
    await this.options.store.put(message);
  }

  private tell(): void {
    this.handlers.forEach((handler) => handler());
  }
}
