import type { CaseQueue } from "../capture/page_queue";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { CasePictures } from "./case_pictures";
import type { ChatEntries } from "./chat_entries";
import { ChatLine, type LineOptions } from "./chat_line";
import type { Unsent } from "./chat_unsent";
import { ChatWriting } from "./chat_writing";

export interface ChatPanelOptions {
  readonly me: string;
  readonly mayWrite: boolean;
  readonly entries: ChatEntries;
  readonly unsent: Unsent;
  readonly pictures: CasePictures;
  readonly queue: CaseQueue | null;
  show(instanceId: string): void;
  write(text: string, file: File | null): Promise<void>;
  closed(): void;
}

const NEAR_PX = 48;

function button(className: string, name: string, words: string, onTap: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.append(icon(name), words);
  made.addEventListener("click", onTap);
  return made;
}

/** The chat as it is seen: the log, what is not sent yet at its end, and the place to write. */
export class ChatPanel {
  readonly element = document.createElement("section");
  private readonly log = document.createElement("ol");
  private readonly scroll = document.createElement("div");
  private readonly empty = document.createElement("p");
  private readonly earlier = button("quiet chat-earlier", "history", t("Earlier messages"), () => void this.readEarlier());
  private readonly newer = button("chat-newer", "chevron-down", t("New messages"), () => this.toEnd());
  private readonly writing: ChatWriting | null;
  private readonly lines = new Map<string, ChatLine>();
  private readonly lineOptions: LineOptions;
  private followsEnd = true;

  constructor(private readonly options: ChatPanelOptions) {
    const { me, unsent, pictures, queue } = options;
    this.lineOptions = { me, unsent, pictures, queue, show: (id) => options.show(id) };
    this.element.className = "chat";
    this.element.setAttribute("aria-label", t("Chat"));
    this.log.className = "chat-lines";
    this.log.setAttribute("role", "log");
    this.log.setAttribute("aria-live", "polite");
    this.log.setAttribute("aria-relevant", "additions");
    this.log.setAttribute("aria-label", t("Messages"));
    this.scroll.className = "chat-scroll";
    this.scroll.tabIndex = 0;
    this.empty.className = "chat-empty";
    this.empty.textContent = t("Nothing is written yet. Everybody in this consult reads it, and it stays in the case.");
    this.newer.hidden = true;
    this.scroll.append(this.earlier, this.empty, this.log);
    this.writing = options.mayWrite ? new ChatWriting(options.queue !== null, (text, file) => this.write(text, file)) : null;
    this.element.append(this.head(), this.scroll, this.newer, ...(this.writing ? [this.writing.element] : []));
    this.listen();
    this.draw();
  }

  open(): void {
    this.draw();
    this.toEnd();
    (this.writing?.field ?? this.scroll).focus();
  }

  /** Draws what changed; what is read stays where it is unless its end was in sight. */
  draw(): void {
    const { entries, unsent } = this.options;
    const before = this.lines.size;
    const wanted = new Map<string, ChatLine>();
    for (const entry of entries.all) {
      const line = this.line(`kept-${entry.id}`);
      line.drawKept(entry);
      wanted.set(line.key, line);
    }
    for (const message of unsent.all) {
      const line = this.line(`unsent-${message.clientId}`);
      line.drawUnsent(message);
      wanted.set(line.key, line);
    }
    this.place(wanted);
    this.earlier.hidden = !entries.earlier;
    this.empty.hidden = wanted.size > 0;
    if (this.followsEnd) {
      this.toEnd();
    } else if (wanted.size > before) {
      this.newer.hidden = false;
    }
  }

  private get isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  private line(key: string): ChatLine {
    const found = this.lines.get(key) ?? new ChatLine(key, this.lineOptions);
    this.lines.set(key, found);
    return found;
  }

  /** Only what is new is put in, so that a screen reader says it once. */
  private place(wanted: ReadonlyMap<string, ChatLine>): void {
    for (const [key, line] of this.lines) {
      if (!wanted.has(key)) {
        line.element.remove();
        this.lines.delete(key);
      }
    }
    [...wanted.values()].forEach((line, at) => {
      if (this.log.children[at] !== line.element) {
        this.log.insertBefore(line.element, this.log.children[at] ?? null);
      }
    });
  }

  private head(): HTMLElement {
    const title = document.createElement("strong");
    title.textContent = t("Chat");
    const head = document.createElement("header");
    head.className = "chat-head";
    head.append(title, button("room-button", "x", t("Close"), () => this.options.closed()));
    return head;
  }

  private listen(): void {
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the stage's keys are letters
      if (event.key === "Escape") {
        this.options.closed();
      }
    });
    this.scroll.addEventListener("scroll", () => {
      this.followsEnd = this.isAtEnd;
      this.newer.hidden = this.newer.hidden || this.followsEnd;
    });
    // A turned tablet or a longer message to write: what was being read at the end stays in sight.
    new ResizeObserver(() => this.followsEnd && this.toEnd()).observe(this.scroll);
    // The on-screen keyboard covers the page's foot without making the page smaller.
    const { visualViewport } = globalThis;
    visualViewport?.addEventListener("resize", () => {
      const covered = Math.max(0, innerHeight - visualViewport.height - visualViewport.offsetTop);
      this.element.style.setProperty("--keyboard", `${covered}px`);
    });
  }

  private async write(text: string, file: File | null): Promise<void> {
    const writing = this.options.write(text, file);
    this.toEnd();
    await writing;
  }

  private async readEarlier(): Promise<void> {
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    this.earlier.disabled = true;
    try {
      await this.options.entries.readEarlier();
      this.newer.hidden = true;
      this.scroll.scrollTop = this.scroll.scrollHeight - fromEnd;
    } catch {
      // The button stays: the next tap tries again.
    } finally {
      this.earlier.disabled = false;
    }
  }

  private toEnd(): void {
    this.followsEnd = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.newer.hidden = true;
  }
}
