import "../styles/chat_log.css";
import "../styles/record.css";
import { addendumForm } from "../record/addenda";
import { mountRecord } from "../record/panel";
import { askAgain } from "../record/print_links";

/** The record's own page, the page that waits for its PDF, and the record panel wherever a page has a place for it. */
function start(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-record]")) {
    if (place.dataset.record) {
      mountRecord(place, { consultId: place.dataset.record });
    }
  }
  for (const place of document.querySelectorAll<HTMLElement>("[data-add-addendum]")) {
    place.replaceChildren(addendumForm(place.dataset.addAddendum ?? "", () => location.reload()));
  }
  for (const printer of document.querySelectorAll("[data-print]")) {
    printer.addEventListener("click", () => window.print());
  }
  for (const maker of document.querySelectorAll<HTMLElement>("[data-make-report]")) {
    const trouble = document.querySelector<HTMLElement>("[data-report-problem]");
    maker.addEventListener("click", () => {
      if (trouble) {
        trouble.hidden = false;
        void askAgain(maker.dataset.makeReport ?? "", () => location.reload(), trouble);
      }
    });
  }
}

start();
