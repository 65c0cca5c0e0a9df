import type { Clock } from "./clock";
import type { CallConnection } from "./signals";

/** How long a direct path may take: where there is one it is found sooner, over satellites too. */
export const NO_PATH_MS = 6_000;
/** The server's line is as bad as the path was when its answer takes this long: then a relay helps nobody. */
export const PROMPT_MS = 2_500;
export const ASK_AGAIN_MS = 10_000;

/** Asks for the relay when a member cannot be reached directly although the server can. */
export class NoPath {
  private readonly since = new Map<string, number>();
  private asking = false;
  private notBefore = 0;

  constructor(
    private readonly clock: Clock,
    private readonly connection: CallConnection,
    /** Whom no direct path leads to now. */
    private readonly unreached: () => readonly string[],
  ) {}

  /** Called every few seconds. */
  async look(): Promise<void> {
    if (!this.isDue() || this.asking || this.clock.now() < this.notBefore) {
      return;
    }
    this.asking = true;
    try {
      const asked = this.clock.now();
      await this.connection.request("watch_call", {});
      if (this.clock.now() - asked > PROMPT_MS) {
        this.since.clear(); // our own line was gone: what it cut may come back with it
      } else if (this.isDue()) {
        await this.connection.request("ask_for_relay", {});
      }
    } catch {
      // No relay, or no line: a relay may come, and the direct links are tried meanwhile.
    } finally {
      this.asking = false;
      this.notBefore = this.clock.now() + ASK_AGAIN_MS;
    }
  }

  private isDue(): boolean {
    const now = this.clock.now();
    const missing = new Set(this.unreached());
    [...this.since.keys()].filter((one) => !missing.has(one)).forEach((one) => this.since.delete(one));
    missing.forEach((one) => this.since.set(one, this.since.get(one) ?? now));
    return [...this.since.values()].some((since) => now - since >= NO_PATH_MS);
  }
}
