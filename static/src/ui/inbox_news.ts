/** One line to the server for whatever of a page must know that the inbox changed: its list, and its count. */

import { Connection } from "../realtime/connection";

const AT_MOST_EVERY_MS = 2000;

const listeners = new Set<() => void>();
let connection: Connection | null = null;
let waiting: ReturnType<typeof setTimeout> | undefined;
let told = -Infinity;

/** A scan brings hundreds of facts: whoever listens is told at once, then once every two seconds. */
function tell(): void {
  if (waiting !== undefined) {
    return;
  }
  const wait = Math.max(0, told + AT_MOST_EVERY_MS - performance.now());
  waiting = setTimeout(() => {
    waiting = undefined;
    told = performance.now();
    listeners.forEach((listener) => listener());
  }, wait);
}

function open(): Connection {
  const line = new Connection({ wakeOn: [{ target: window, type: "online" }] });
  line.on("inbox_changed", tell);
  line.onConnect(async () => {
    await line.request("join_inbox", {});
    tell(); // what changed while the link was gone
  });
  line.open();
  return line;
}

/** Calls `listener` whenever the inbox of the doctor's facility may have changed. */
export function onInboxNews(listener: () => void): void {
  listeners.add(listener);
  connection ??= open();
}
