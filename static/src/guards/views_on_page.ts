import type { Pictures } from "../capture/pictures";
import { ViewsPanel } from "./views_panel";

const EVERY_MS = 15_000;

/** The views panel on a consult's page, kept true by asking now and then: this page has no socket. */
export function mountViews(element: HTMLElement, caseId: string, pictures: Pictures): void {
  const panel = new ViewsPanel({
    caseId,
    queue: pictures.queue,
    pictures: () => pictures.pickable,
    show: null,
  });
  element.append(panel.root);
  const refresh = (): void => {
    if (document.visibilityState === "visible") {
      void panel.refresh();
    }
  };
  pictures.onChange(refresh);
  addEventListener("visibilitychange", refresh);
  setInterval(refresh, EVERY_MS);
}
