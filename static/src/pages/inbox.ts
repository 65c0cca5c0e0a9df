/** The inbox: new studies show by themselves, as soon as the server says that there are any. */
import "../styles/consult.css";
import "../styles/inbox.css";
import { onInboxNews } from "../ui/inbox_news";
import { LiveRows } from "../ui/live_rows";

const EVERY_MS = 300_000; // in case news got lost

function start(): void {
  const element = document.getElementById("rows");
  if (!element) {
    return;
  }
  const rows = new LiveRows(element, document.getElementById("link-state"));
  const refresh = (): void => {
    // A dialog that somebody is answering is part of the rows: they wait until it is closed.
    if (document.visibilityState === "visible" && !element.querySelector("dialog[open]")) {
      void rows.refresh();
    }
  };
  onInboxNews(refresh);
  setInterval(refresh, EVERY_MS);
  element.addEventListener("close", refresh, true); // of a dialog: what came meanwhile
  addEventListener("visibilitychange", refresh);
  addEventListener("online", refresh);
  addEventListener("pageshow", refresh);
}

start();
