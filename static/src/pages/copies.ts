/** Pages of copies without identity: waiting for the worker, and deciding what is covered. */
import "../styles/copies.css";
import { ConfirmPage } from "../deidentify/confirm_page";
import type { CopyState } from "../deidentify/copy_state";
import { getJson } from "../ui/api";

const EVERY_MS = 1500;

/** Shows how far the worker is; the page is loaded again when the copy has moved on. */
function wait(place: HTMLElement): void {
  const bar = place.querySelector("progress");
  const look = async (): Promise<void> => {
    try {
      const { state, progress } = await getJson<CopyState>(`/api/copies/${place.dataset.copyWaits ?? ""}`);
      if (state !== place.dataset.state) {
        location.reload();
        return;
      }
      if (bar) {
        bar.value = progress;
      }
    } catch {
      // The link is gone for a moment: the bar stands, and the next look tells.
    }
    setTimeout(() => void look(), EVERY_MS);
  };
  void look();
}

function start(): void {
  const waits = document.querySelector<HTMLElement>("[data-copy-waits]");
  if (waits) {
    wait(waits);
  }
  const place = document.getElementById("copy-confirm");
  const state = document.getElementById("copy-state")?.textContent;
  if (place && state) {
    new ConfirmPage(place, JSON.parse(state) as CopyState);
  }
}

start();
