import { t } from "../ui/text";
import { entry, make, notice } from "./dom";
import { DraftForm } from "./draft_form";
import type { DocumentReply, RecordReply } from "./messages";
import { signatureLine } from "./signature";
import { clockWords, urgencyWords } from "./words";

/** The specialist's form: the headings are there, the words are theirs. */
export function opinionForm(record: RecordReply, images: () => number, onSigned: () => void): DraftForm {
  return new DraftForm({
    kind: "opinion",
    consultId: record.consult_id,
    reader: record.reader,
    document: record.opinion,
    specs: [
      { name: "findings", label: t("Findings"), kind: "lines", rows: 4 },
      { name: "impression", label: t("Impression"), kind: "lines", rows: 3 },
      { name: "recommendations", label: t("Recommendations"), kind: "lines", rows: 3 },
      {
        name: "urgency",
        label: t("How urgent is it?"),
        kind: "choice",
        choices: [
          ["emergency", urgencyWords("emergency")],
          ["urgent", urgencyWords("urgent")],
          ["routine", urgencyWords("routine")],
        ],
      },
    ],
    signWords: t("Sign the opinion"),
    asks: () => ({ title: t("Sign this opinion?"), sentences: whatSigningDoes(record, images()) }),
    onSigned,
  });
}

function whatSigningDoes(record: RecordReply, images: number): readonly string[] {
  const pictures =
    images === 0
      ? t("No key image is marked: it is signed without pictures.")
      : images === 1
        ? t("1 key image is signed with it, with its drawings as they are now.")
        : t("%(count)s key images are signed with it, with their drawings as they are now.", { count: images });
  return [
    t("Your name and registration number are put under it, and %(name)s reads it at once.", {
      name: record.treating_doctor,
    }),
    pictures,
    t("After that it cannot be changed. What you learn later becomes an addendum."),
  ];
}

/** The opinion for everybody else: not begun, being written, or signed. */
export function opinionView(record: RecordReply): HTMLElement {
  const { opinion } = record;
  if (opinion.state !== "signed" || !opinion.fields || !opinion.signature) {
    return make("p", { class: "record-waiting", role: "status", text: waitingWords(record, opinion) });
  }
  const count = opinion.key_images?.length ?? 0;
  const pictures =
    count === 1 ? t("1 key image is part of it.") : count ? t("%(count)s key images are part of it.", { count }) : "";
  return make(
    "div",
    { class: "record-signed" },
    entry(t("Findings"), opinion.fields.findings),
    entry(t("Impression"), opinion.fields.impression),
    entry(t("Recommendations"), opinion.fields.recommendations),
    entry(t("Urgency"), urgencyWords(opinion.fields.urgency ?? "")),
    pictures ? make("p", { class: "muted", text: pictures }) : null,
    signatureLine(opinion.signature),
    opinion.signature.whole ? null : notice(brokenWords(), "danger"),
  );
}

export function brokenWords(): string {
  return t("This text is not what was signed: it was changed in the store. Do not act on it; tell your administrator.");
}

function waitingWords(record: RecordReply, opinion: DocumentReply): string {
  if (opinion.mine) {
    return t("You write the opinion here once you have taken the consult.");
  }
  const name = record.specialist || t("The specialist");
  if (opinion.state === "none") {
    return record.specialist
      ? t("%(name)s has not begun to write. What they write appears here once it is signed.", { name })
      : t("No specialist has taken this consult yet.");
  }
  const time = opinion.updated_at ? clockWords(new Date(opinion.updated_at)) : "";
  return t("%(name)s is writing the opinion (last change %(time)s). You can read it once it is signed.", {
    name,
    time,
  });
}
