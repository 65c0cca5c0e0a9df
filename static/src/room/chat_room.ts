import "../styles/chat.css";
import { getJson } from "../ui/api";
import { t } from "../ui/text";
import type { ChatEntry, MessageSent } from "../realtime/protocol";
import type { ChatOptions } from "./chat";
import { ChatEntries, type ChatPage } from "./chat_entries";
import { ChatPanel } from "./chat_panel";
import { DeviceStore } from "./chat_store";
import { Unsent, type UnsentFile } from "./chat_unsent";
import { randomName } from "../capture/transfer";

const TOLD_CHARACTERS = 80;

export interface ChatEvents {
  unread(count: number): void;
  closed(): void;
}

/** The chat behind its button: what the server keeps, what is not sent yet, and the panel that shows both. */
export class ChatRoom {
  private readonly entries: ChatEntries;
  private readonly unsent: Unsent;
  private readonly panel: ChatPanel;
  private readUpTo: number;

  constructor(
    private readonly options: ChatOptions,
    private readonly events: ChatEvents,
  ) {
    const { connection, consultId, me, pictures, queue } = options;
    this.readUpTo = Number(localStorage.getItem(this.mark) ?? 0);
    this.entries = new ChatEntries((before) =>
      getJson<ChatPage>(`/api/consults/${consultId}/messages${before === null ? "" : `?before=${before}`}`),
    );
    this.unsent = new Unsent({
      store: new DeviceStore(consultId, me),
      send: (message) => connection.request("send_message", message),
      transfers: () => queue?.transfers ?? [],
      sent: ({ message }) => this.entries.take([message]),
      later: (ms, act) => setTimeout(act, ms),
    });
    this.panel = new ChatPanel({
      me,
      mayWrite: options.mayWrite,
      entries: this.entries,
      unsent: this.unsent,
      pictures,
      queue,
      show: (id) => this.show(id),
      write: (text, file) => this.write(text, file),
      closed: () => this.closed(),
    });
    options.room.append(this.panel.element);
    this.listen();
  }

  open(): void {
    this.options.room.dataset.chat = "open";
    this.panel.open();
    this.markRead();
  }

  close(): void {
    if (this.isOpen) {
      this.options.room.dataset.chat = "closed";
      this.events.closed();
    }
  }

  private get isOpen(): boolean {
    return this.options.room.dataset.chat === "open";
  }

  private get mark(): string {
    return `nidaan.chat.${this.options.consultId}.${this.options.me}`;
  }

  private listen(): void {
    const { connection, pictures, queue } = this.options;
    this.entries.onChange((added) => this.changed(added));
    this.unsent.onChange(() => this.panel.draw());
    connection.on("message_sent", ({ message }: MessageSent) => this.entries.take([message]));
    connection.onStatus(({ status }) => status === "up" && void this.linkUp());
    pictures.onChange(() => this.panel.draw());
    queue?.onChange(() => void this.unsent.pump());
    document.addEventListener("visibilitychange", () => this.markRead());
    void this.unsent.load();
  }

  private async linkUp(): Promise<void> {
    void this.unsent.pump();
    try {
      await this.entries.catchUp();
    } catch {
      // The next connection reads again; what comes meanwhile is told by facts.
    }
  }

  /** Says the newest of what was not read, whether it came just now or while the link was gone. */
  private announce(added: readonly ChatEntry[]): void {
    const last = added.filter((one) => one.participant_id !== this.options.me && one.id > this.readUpTo).at(-1);
    if (last && !this.isOpen) {
      const words = last.text === "" ? t("sends a picture") : last.text;
      const short = Array.from(words).slice(0, TOLD_CHARACTERS).join("");
      this.options.say(`${last.name}: ${short}${short === words ? "" : "…"}`);
    }
  }

  private changed(added: readonly ChatEntry[]): void {
    // Ours, acknowledged by the fact before (or instead of) the answer.
    const mine = added.filter((one) => one.participant_id === this.options.me);
    mine.forEach((one) => void this.unsent.drop(one.client_id));
    this.panel.draw();
    this.announce(added);
    this.markRead();
  }

  private markRead(): void {
    const others = this.entries.all.filter((one) => one.participant_id !== this.options.me);
    if (this.isOpen && document.visibilityState === "visible") {
      this.readUpTo = Math.max(this.readUpTo, ...others.map((one) => one.id));
      localStorage.setItem(this.mark, String(this.readUpTo));
    }
    this.events.unread(others.filter((one) => one.id > this.readUpTo).length);
  }

  /** Keeps what was written, then sends it; the file goes by the case's queue. */
  private async write(text: string, file: File | null): Promise<void> {
    let attached: UnsentFile | null = null;
    if (file !== null && this.options.queue) {
      const [key] = await this.options.queue.add([{ file }]);
      attached = key === undefined ? null : { key, name: file.name, uploadId: null };
    }
    await this.unsent.add({ clientId: randomName(), text, writtenAt: Date.now(), file: attached, refusal: null });
  }

  private show(id: string): void {
    this.options.show(id);
    if (!matchMedia("(min-width: 64rem)").matches) {
      this.close(); // it covers the stage there
    }
  }

  private closed(): void {
    this.close();
  }
}
