const RETRY_MS = 2000;

interface Waiting {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Bytes that can be used as they arrive; a broken transfer goes on from where it was. */
export class StreamedBytes {
  received = 0;
  private readonly data: Uint8Array<ArrayBuffer>;
  private readonly controller = new AbortController();
  private waiting: Waiting[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    readonly total: number,
    private readonly progress: () => void,
  ) {
    this.data = new Uint8Array(total);
    void this.fill();
  }

  /** Settles once the first `end` bytes are here. */
  until(end: number): Promise<void> {
    if (this.received >= end) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.waiting.push({ end, resolve, reject }));
  }

  slice(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return this.data.subarray(offset, offset + length);
  }

  close(): void {
    clearTimeout(this.retry);
    this.controller.abort();
    for (const { reject } of this.waiting.splice(0)) {
      reject(new Error("No longer wanted."));
    }
  }

  private async fill(): Promise<void> {
    try {
      await this.read();
    } catch {
      // A cut link: asked again below for what is still missing.
    }
    if (this.received < this.total && !this.controller.signal.aborted) {
      this.retry = setTimeout(() => void this.fill(), RETRY_MS);
    }
  }

  private async read(): Promise<void> {
    const headers: Record<string, string> = this.received > 0 ? { Range: `bytes=${this.received}-` } : {};
    const response = await fetch(this.url, { headers, credentials: "same-origin", signal: this.controller.signal });
    if (!response.ok || !response.body) {
      throw new Error(`${this.url}: ${response.status}`);
    }
    let at = response.status === 206 ? this.received : 0;
    const reader = response.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const fitting = piece.value.subarray(0, Math.max(0, this.total - at));
      this.data.set(fitting, at);
      at += fitting.length;
      this.arrived(Math.max(this.received, at));
    }
  }

  private arrived(received: number): void {
    this.received = received;
    const ready = this.waiting.filter(({ end }) => end <= received);
    this.waiting = this.waiting.filter(({ end }) => end > received);
    for (const { resolve } of ready) {
      resolve();
    }
    this.progress();
  }
}
