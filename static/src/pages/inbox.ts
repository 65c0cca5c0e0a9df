/** The inbox: new studies show by themselves, as on Today (asking costs nothing while all is as it was). */
import "../styles/consult.css";
import "../styles/inbox.css";
import { LiveRows } from "../ui/live_rows";

const EVERY_MS = 10_000;

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
  setInterval(refresh, EVERY_MS);
  addEventListener("visibilitychange", refresh);
  addEventListener("online", refresh);
  addEventListener("pageshow", refresh);
}

start();
