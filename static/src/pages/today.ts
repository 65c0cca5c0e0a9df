/** Today: the treating doctor's consults, kept up to date by asking now and then (it costs nothing when all is as it was). */
import "../styles/consult.css";
import { LiveRows } from "../ui/live_rows";

const EVERY_MS = 10_000;

function start(): void {
  const element = document.getElementById("rows");
  if (!element) {
    return;
  }
  const rows = new LiveRows(element, document.getElementById("link-state"));
  const refresh = (): void => {
    if (document.visibilityState === "visible") {
      void rows.refresh();
    }
  };
  setInterval(refresh, EVERY_MS);
  addEventListener("visibilitychange", refresh);
  addEventListener("online", refresh);
  addEventListener("pageshow", refresh);
}

start();
