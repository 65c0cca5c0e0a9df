import type { CaseQueue } from "../capture/page_queue";
import type { Connection } from "../realtime/connection";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { CasePictures } from "./case_pictures";
import type { ChatRoom } from "./chat_room";

export interface ChatOptions {
  readonly consultId: string;
  /** Our own participant id. */
  readonly me: string;
  readonly mayWrite: boolean;
  readonly room: HTMLElement;
  readonly controls: HTMLElement;
  readonly connection: Pick<Connection, "on" | "onStatus" | "request" | "state">;
  /** What this device sends; null for those who may not add pictures. */
  readonly queue: CaseQueue | null;
  readonly pictures: CasePictures;
  /** Puts a picture on the stage. */
  show(instanceId: string): void;
  say(sentence: string): void;
}

const SOON_MS = 2000; // after the room stands: what chat needs must be here before the link is gone

/** The room's chat: a button that says how much is unread, and the place behind it, which is fetched a little later. */
export class Chat {
  private readonly button = document.createElement("button");
  private readonly badge = document.createElement("span");
  private loading: Promise<ChatRoom> | undefined;
  private wanted = false;

  constructor(private readonly options: ChatOptions) {
    this.button.type = "button";
    this.button.className = "room-button chat-toggle";
    this.button.setAttribute("aria-expanded", "false");
    this.badge.className = "chat-badge";
    this.badge.hidden = true;
    this.button.append(icon("message-square"), t("Chat"), this.badge);
    this.button.addEventListener("click", () => void this.toggle());
    options.controls.append(this.button);
    options.connection.onStatus(({ status }) => {
      if (status === "up") {
        setTimeout(() => void this.ready(), SOON_MS);
      }
    });
  }

  get isOpen(): boolean {
    return this.options.room.dataset.chat === "open";
  }

  /** Opens the chat; where it is not here yet and the link is gone, as soon as the link is back. */
  async open(): Promise<void> {
    this.wanted = true;
    const room = await this.ready();
    if (room === null) {
      this.options.say(t("The chat cannot be fetched while the link is gone. It opens when the link is back."));
    } else {
      this.openIfWanted(room);
    }
  }

  close(): void {
    this.wanted = false;
    void this.loading?.then((room) => room.close());
    this.button.setAttribute("aria-expanded", "false");
  }

  private async toggle(): Promise<void> {
    if (this.isOpen) {
      this.close();
    } else {
      await this.open();
    }
  }

  /** The chat's own code, or null while it cannot be fetched. */
  private async ready(): Promise<ChatRoom | null> {
    try {
      this.loading ??= this.load();
      return await this.loading;
    } catch {
      this.loading = undefined;
      return null;
    }
  }

  private async load(): Promise<ChatRoom> {
    const { ChatRoom } = await import("./chat_room");
    const room = new ChatRoom(this.options, {
      unread: (count) => this.drawBadge(count),
      closed: () => {
        this.wanted = false;
        this.button.setAttribute("aria-expanded", "false");
        this.button.focus();
      },
    });
    this.openIfWanted(room);
    return room;
  }

  private openIfWanted(room: ChatRoom): void {
    if (this.wanted && !this.isOpen) {
      room.open();
      this.button.setAttribute("aria-expanded", "true");
    }
  }

  private drawBadge(count: number): void {
    this.badge.hidden = count === 0;
    this.badge.textContent = count > 99 ? "99+" : String(count);
    const words = count === 0 ? t("Chat") : t("Chat, %(count)s unread", { count });
    this.button.setAttribute("aria-label", words);
  }
}
