/** What this file needs of the browser, so that tests can be without one. */
export interface Browser {
  readonly locks: Pick<LockManager, "request"> | undefined;
  channel(name: string): Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">;
}

/** The page's own. */
export const pageBrowser: Browser = {
  get locks() {
    // Plain http from another machine has none, whatever the types say.
    return (navigator as { locks?: LockManager }).locks;
  },
  channel: (name) => new BroadcastChannel(name),
};

/**
 * The tabs of one person in one browser: one of them leads (sends), the others are told. Where the browser has no locks
 * every tab leads, and the server keeps two senders of one upload apart.
 */
export class Tabs<Message> {
  private readonly channel: Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">;
  private leads = false;
  private giveUp: (() => void) | undefined;

  constructor(
    name: string,
    private readonly lead: () => void,
    hear: (message: Message) => void,
    browser: Browser = pageBrowser,
  ) {
    this.channel = browser.channel(name);
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
    if (browser.locks) {
      void browser.locks.request(name, () => this.untilClosed()).catch(() => undefined);
    } else {
      void this.untilClosed();
    }
  }

  get leading(): boolean {
    return this.leads;
  }

  tell(message: Message): void {
    this.channel.postMessage(message);
  }

  close(): void {
    this.channel.close();
    this.giveUp?.();
    this.leads = false;
  }

  private untilClosed(): Promise<void> {
    this.leads = true;
    this.lead();
    return new Promise((resolve) => {
      this.giveUp = resolve;
    });
  }
}
