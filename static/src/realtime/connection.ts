import { io, type Socket } from "socket.io-client";
import { t } from "../ui/text";
import { CommandError, commandError } from "./errors";
import type { Commands, Facts } from "./protocol";

export { CommandError } from "./errors";

const REQUEST_TIME_OUT_MS = 10_000;
const CONNECT_TIME_OUT_MS = 20_000; // a village link of 600 ms with loss needs several round trips to shake hands
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5000;
const FINAL_REFUSALS = new Set(["not_found", "not_allowed"]);

/** `connecting` until the first success or failure; then `up`, or `down` while it tries again and again. */
export type Status = "connecting" | "up" | "down";

export interface LinkState {
  readonly status: Status;
  /** Milliseconds (this machine's clock) when this status began. */
  readonly since: number;
  /** Why the server would not have us; unset while the network alone is at fault. */
  readonly refusal?: CommandError;
}

/** Something to listen to that hints at a network come back, such as `{target: window, type: "online"}`. */
export interface WakeEvent {
  readonly target: EventTarget;
  readonly type: string;
}

export interface ConnectionOptions {
  /** Where the server is; the page's own origin unless given. */
  readonly url?: string;
  /** Goes into the connection's address, so that a proxy can send one consult's sockets to one process. */
  readonly consultId?: string;
  /** Each of these events ends the pause between two attempts at once. */
  readonly wakeOn?: readonly WakeEvent[];
  /** Milliseconds until a command without an answer rejects. */
  readonly requestTimeOut?: number;
  readonly now?: () => number;
}

type Handler<T> = (value: T) => void;
type Join = () => Promise<void>;

/** Turns the ArrayBuffers that a browser receives into the Uint8Arrays that the message types promise. */
function withBytes(value: unknown): unknown {
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  if (ArrayBuffer.isView(value) || typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(withBytes);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item)]));
}

function openSocket(options: ConnectionOptions): Socket {
  const settings = {
    autoConnect: false,
    forceNew: true,
    transports: ["websocket", "polling"],
    tryAllTransports: true, // a proxy that forbids websockets must not end the consult
    reconnectionDelay: FIRST_DELAY_MS,
    reconnectionDelayMax: LONGEST_DELAY_MS,
    timeout: CONNECT_TIME_OUT_MS,
    query: options.consultId === undefined ? {} : { cid: options.consultId },
  };
  return options.url === undefined ? io(settings) : io(options.url, settings);
}

/**
 * One page's link to the server: typed commands with an answer each, typed facts, and a status that is only `up`
 * once the page has joined again what it had joined. Tries to come back for ever. Knows no DOM.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly now: () => number;
  private readonly requestTimeOut: number;
  private readonly statusHandlers = new Set<Handler<LinkState>>();
  private readonly joins: Join[] = [];
  private link: LinkState;
  private epoch = 0; // counts connections: an answer to an older one no longer matters
  private pause: ReturnType<typeof setTimeout> | undefined;
  private refusals = 0;
  private closed = true;
  private readonly wakeOn: readonly WakeEvent[];

  constructor(options: ConnectionOptions = {}) {
    this.now = options.now ?? Date.now;
    this.requestTimeOut = options.requestTimeOut ?? REQUEST_TIME_OUT_MS;
    this.wakeOn = options.wakeOn ?? [];
    this.link = { status: "connecting", since: this.now() };
    this.socket = openSocket(options);
    this.socket.on("connect", () => void this.joinAgain());
    this.socket.on("disconnect", () => this.lost());
    this.socket.on("connect_error", (error) => this.notConnected(error));
  }

  get state(): LinkState {
    return this.link;
  }

  /** Starts trying to connect. Does nothing if it is open already. */
  open(): void {
    if (!this.closed) {
      return;
    }
    this.closed = false;
    for (const { target, type } of this.wakeOn) {
      target.addEventListener(type, this.wake);
    }
    this.tell("connecting");
    this.socket.connect();
  }

  /** Hangs up and stays down until `open`. Commands still unanswered reject with the code `offline`. */
  close(refusal?: CommandError): void {
    this.closed = true;
    this.epoch += 1;
    clearTimeout(this.pause);
    for (const { target, type } of this.wakeOn) {
      target.removeEventListener(type, this.wake);
    }
    this.socket.disconnect();
    this.tell("down", refusal);
  }

  /**
   * `join` runs after every connection, the first too, in the order given, before the status becomes `up`:
   * the place for join_consult and for exchanging what was missed. If it rejects with not_found or not_allowed
   * the connection closes for good with that refusal; with anything else it connects again.
   */
  onConnect(join: Join): void {
    this.joins.push(join);
  }

  /** `handler` is told the present state now, and each change; returns what stops that. */
  onStatus(handler: Handler<LinkState>): () => void {
    this.statusHandlers.add(handler);
    handler(this.link);
    return () => void this.statusHandlers.delete(handler);
  }

  /** `handler` is told each fact of this name; returns what stops that. */
  on<Name extends keyof Facts>(name: Name, handler: Handler<Facts[Name]>): () => void {
    const listener = (message: unknown): void => handler(withBytes(message) as Facts[Name]);
    const event: string = name;
    this.socket.on(event, listener);
    return () => void this.socket.off(event, listener);
  }

  /**
   * Sends a command and gives the server's reply. Rejects with a `CommandError`: the server's own refusal,
   * `timeout` (10 s; the command may have been carried out or not), or `offline` (nothing is kept for later:
   * what must not be lost belongs in the shared document or in a form).
   */
  async request<Name extends keyof Commands>(
    name: Name,
    message: Commands[Name]["message"],
  ): Promise<Commands[Name]["reply"]> {
    if (!this.socket.connected) {
      throw new CommandError("offline", t("The link to the server is gone. It will be back by itself."));
    }
    let answer: unknown;
    try {
      answer = await this.socket.timeout(this.requestTimeOut).emitWithAck(name, message);
    } catch {
      throw this.connected()
        ? new CommandError("timeout", t("The server took too long to answer. The link may be weak: please try again."))
        : new CommandError("offline", t("The link to the server is gone. It will be back by itself."));
    }
    const { ok, error, ...reply } = (answer ?? {}) as { ok?: boolean; error?: unknown };
    if (ok !== true) {
      throw commandError(error, t("Something went wrong on the server. Please try again."));
    }
    return withBytes(reply) as Commands[Name]["reply"];
  }

  private connected(): boolean {
    return this.socket.connected;
  }

  private async joinAgain(): Promise<void> {
    this.epoch += 1;
    const epoch = this.epoch;
    clearTimeout(this.pause);
    try {
      for (const join of this.joins) {
        await join();
        if (epoch !== this.epoch) {
          return; // the link went again in the meantime; the next connection starts over
        }
      }
    } catch (error) {
      if (epoch === this.epoch) {
        this.notJoined(error);
      }
      return;
    }
    this.refusals = 0;
    this.tell("up");
  }

  private notJoined(error: unknown): void {
    if (error instanceof CommandError && FINAL_REFUSALS.has(error.code)) {
      this.close(error);
      return;
    }
    this.socket.disconnect();
    this.tryLater(error instanceof CommandError ? error : undefined);
  }

  private lost(): void {
    this.epoch += 1;
    if (this.closed) {
      return;
    }
    this.tell("down");
    if (!this.socket.active) {
      this.tryLater(); // the server hung up: socket.io leaves coming back to us
    }
  }

  private notConnected(error: Error): void {
    if (this.closed) {
      return;
    }
    if (this.socket.active) {
      this.tell("down");
    } else {
      const data: unknown = "data" in error ? error.data : undefined;
      this.tryLater(commandError(data, t("The server refused the connection. Reload the page, or sign in again.")));
    }
  }

  private tryLater(refusal?: CommandError): void {
    this.tell("down", refusal);
    clearTimeout(this.pause);
    const longest = Math.min(FIRST_DELAY_MS * 2 ** this.refusals, LONGEST_DELAY_MS);
    this.refusals += 1;
    // Spread over half the time, so that a restarted server does not meet every tablet in one instant.
    this.pause = setTimeout(() => this.socket.connect(), longest * (0.5 + Math.random() / 2));
  }

  private readonly wake = (): void => {
    if (this.closed || this.socket.connected) {
      return;
    }
    clearTimeout(this.pause);
    // Leaving and connecting again ends socket.io's pause, and an attempt that hangs on the network that went.
    this.socket.disconnect();
    this.socket.connect();
  };

  private tell(status: Status, refusal?: CommandError): void {
    const same = status === this.link.status;
    if (same && refusal?.code === this.link.refusal?.code) {
      return;
    }
    const since = same ? this.link.since : this.now();
    this.link = refusal ? { status, since, refusal } : { status, since };
    for (const handler of [...this.statusHandlers]) {
      handler(this.link);
    }
  }
}
