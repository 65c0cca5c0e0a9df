import { ApiError } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { makeReport } from "./api";
import { button, make, notice } from "./dom";
import type { ReportReply } from "./messages";

/** Where the record can be read whole, and as PDF as soon as that is made. */
export function printLinks(consultId: string, report: ReportReply, onAsked: () => void): HTMLElement | null {
  if (report.state === "none" || report.url === null) {
    return null;
  }
  const link = (href: string, shape: string, words: string): HTMLElement =>
    make("a", { class: "button quiet", href, target: "_blank", rel: "noopener" }, icon(shape), words);
  const trouble = make("div", { role: "alert" });
  const again = button(
    t("Make the PDF again"),
    "refresh-cw",
    () => void askAgain(consultId, onAsked, trouble),
    "quiet",
  );
  return make(
    "div",
    { class: "record-print" },
    link(`/consults/${consultId}/record`, "file-text", t("The whole record")),
    report.state === "failed"
      ? again
      : link(report.url, "download", report.state === "ready" ? t("Open as PDF") : t("PDF (being made)")),
    report.state === "failed"
      ? make("p", { class: "muted", text: t("The PDF could not be made. What was signed is safe.") })
      : null,
    trouble,
  );
}

export async function askAgain(consultId: string, onAsked: () => void, trouble: HTMLElement): Promise<void> {
  try {
    await makeReport(consultId);
    onAsked();
  } catch (error) {
    const words =
      error instanceof ApiError ? error.message : t("Something went wrong on the server. Please try again.");
    trouble.replaceChildren(notice(words, "danger"));
  }
}
