import { offerPreviews, warmPreviewsSoon } from "./preview_ahead";
import type { Chosen } from "./chosen";
import { SendingQueue } from "./sending_queue";
import type { Transfer } from "./transfer";

let opening: Promise<SendingQueue> | undefined;

/** Who is signed in on this page, as `kind:id`; empty for nobody. */
export function pageOwner(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="actor"]')?.content ?? "";
}

/** The queue of whoever is signed in on this page; the same object for every part of it. */
export function pageQueue(): Promise<SendingQueue> {
  offerPreviews();
  opening ??= SendingQueue.open(pageOwner());
  return opening;
}

/** What is being sent to one case; there at once, filled as soon as this browser's shelf is open. */
export class CaseQueue {
  private queue: SendingQueue | undefined;
  private readonly handlers = new Set<() => void>();
  private readonly opened: Promise<SendingQueue>;

  constructor(
    readonly caseId: string,
    queue: Promise<SendingQueue> = pageQueue(),
  ) {
    warmPreviewsSoon();
    this.opened = queue.then((found) => {
      this.queue = found;
      found.onChange(() => this.tell());
      this.tell();
      return found;
    });
  }

  get transfers(): readonly Transfer[] {
    return (this.queue?.transfers ?? []).filter((transfer) => transfer.caseId === this.caseId);
  }

  /** Files whose bytes this device still has to send. */
  get unsent(): readonly Transfer[] {
    return this.transfers.filter((transfer) => transfer.state !== "sent" && transfer.state !== "refused");
  }

  /** Files that would be lost with this page. */
  get atRisk(): readonly Transfer[] {
    return (this.queue?.atRisk ?? []).filter((transfer) => transfer.caseId === this.caseId);
  }

  /** Bytes that still have to be sent. */
  get bytesLeft(): number {
    return this.unsent.reduce((left, transfer) => left + transfer.size - transfer.sent, 0);
  }

  /** Everything of this person's, of this case or another; undefined until the shelf is open. */
  get whole(): SendingQueue | undefined {
    return this.queue;
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  /** Queues files and gives their keys; `keep` false: for as long as a page stays open. */
  async add(chosen: readonly Chosen[], keep = true): Promise<string[]> {
    return (await this.opened).add(this.caseId, chosen, keep);
  }

  private tell(): void {
    this.handlers.forEach((handler) => handler());
  }
}
