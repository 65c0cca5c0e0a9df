import type { ChatEntry } from "../realtime/protocol";

export interface ChatPage {
  readonly messages: readonly ChatEntry[];
  readonly earlier: boolean;
}

/** Reads the newest page of the chat, or the one before a message's number. */
export type ReadPage = (before: number | null) => Promise<ChatPage>;

/** The messages that the server keeps, as far as this page has read them, in their order. Knows no DOM. */
export class ChatEntries {
  private readonly known = new Map<number, ChatEntry>();
  private readonly handlers = new Set<(added: readonly ChatEntry[]) => void>();
  /** Whether there are messages before the first one known. */
  earlier = false;

  constructor(private readonly read: ReadPage) {}

  get all(): readonly ChatEntry[] {
    return [...this.known.values()].sort((one, other) => one.id - other.id);
  }

  /** `handler` is told what came anew, oldest first. */
  onChange(handler: (added: readonly ChatEntry[]) => void): void {
    this.handlers.add(handler);
  }

  has(clientId: string, author: string): boolean {
    return [...this.known.values()].some((one) => one.client_id === clientId && one.participant_id === author);
  }

  take(entries: readonly ChatEntry[]): void {
    const added = entries.filter((entry) => !this.known.has(entry.id));
    entries.forEach((entry) => this.known.set(entry.id, entry));
    this.handlers.forEach((handler) => handler(added));
  }

  /** Reads what was missed: after every (re)connection. Pages back until it meets what is known. */
  async catchUp(): Promise<void> {
    const newest = Math.max(0, ...this.known.keys());
    let page = await this.read(null);
    const missed = [...page.messages];
    while (newest > 0 && page.earlier && (page.messages[0]?.id ?? 0) > newest) {
      page = await this.read(page.messages[0]?.id ?? null);
      missed.unshift(...page.messages);
    }
    this.earlier = newest === 0 ? page.earlier : this.earlier;
    this.take(missed);
  }

  /** Reads the page before the first message known. */
  async readEarlier(): Promise<void> {
    const page = await this.read(this.all[0]?.id ?? null);
    this.earlier = page.earlier;
    this.take(page.messages);
  }
}
