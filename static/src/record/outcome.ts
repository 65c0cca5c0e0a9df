import { t } from "../ui/text";
import { button, entry, make, notice } from "./dom";
import { DraftForm } from "./draft_form";
import type { FieldSet, FieldSpec } from "./fields";
import type { Fields, RecordReply } from "./messages";
import { brokenWords } from "./opinion";
import { signatureLine } from "./signature";
import { dateWords, decisionWords, noteWords } from "./words";

function questions(): readonly FieldSpec[] {
  return [
    {
      name: "decision",
      label: t("The specialist's opinion"),
      kind: "choice",
      choices: [
        ["accepted", t("I accept it")],
        ["changed", t("I accept it with changes")],
        ["declined", t("I decline it")],
      ],
    },
    { name: "decision_note", label: noteWords(""), kind: "lines", rows: 2 },
    { name: "diagnosis", label: t("Diagnosis"), kind: "lines", rows: 2 },
    {
      name: "plan",
      label: t("Plan"),
      kind: "lines",
      rows: 3,
      hint: t("What is done now, and what the patient does."),
    },
    {
      name: "follow_up_on",
      label: t("Follow-up day"),
      kind: "date",
      least: today(),
      hint: t("Leave it empty if none is needed."),
    },
  ];
}

/** The treating doctor's form: what they make of the opinion, and what they will do. */
export function outcomeForm(record: RecordReply, onSigned: () => void): DraftForm {
  const form = new DraftForm({
    kind: "outcome",
    consultId: record.consult_id,
    reader: record.reader,
    document: record.outcome,
    specs: questions(),
    signWords: t("Sign and close"),
    asks: () => ({
      title: t("Sign and close this consult?"),
      sentences: [
        t("Your name and registration number are put under the outcome."),
        t("The consult ends: nobody can draw any more. The record can then be printed or kept as PDF."),
        t("After that it cannot be changed. What you learn later becomes an addendum."),
      ],
    }),
    onFields: askWhatTheDecisionNeeds,
    onSigned,
  });
  form.fields.before("diagnosis", useTheirWords(record, form.fields));
  return form;
}

function askWhatTheDecisionNeeds(form: FieldSet, fields: Fields): void {
  const decision = fields.decision ?? "";
  form.showOnly("decision_note", decision === "changed" || decision === "declined" || Boolean(fields.decision_note));
  form.label("decision_note", noteWords(decision));
}

/** Today as a date field writes it, on the reader's own calendar. */
function today(): string {
  const now = new Date();
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** One tap copies the specialist's impression and recommendations into empty fields, to be changed at will. */
function useTheirWords(record: RecordReply, fields: FieldSet): HTMLElement {
  const given = record.opinion.fields;
  const copy = button(
    t("Start from the specialist's words"),
    "copy",
    () => {
      const now = fields.read();
      fields.write({
        ...now,
        diagnosis: now.diagnosis === "" ? (given?.impression ?? "") : (now.diagnosis ?? ""),
        plan: now.plan === "" ? (given?.recommendations ?? "") : (now.plan ?? ""),
      });
      fields.element.dispatchEvent(new Event("input", { bubbles: true }));
    },
    "quiet",
  );
  return make("p", { class: "record-copy" }, given?.impression || given?.recommendations ? copy : null);
}

/** The outcome for everybody else, or once it is signed. */
export function outcomeView(record: RecordReply): HTMLElement {
  const { fields, signature, state } = record.outcome;
  if (state !== "signed" || !fields || !signature) {
    const name = record.treating_doctor;
    const words =
      record.opinion.state !== "signed"
        ? t("%(name)s decides here once the opinion is signed.", { name })
        : state === "writing"
          ? t("%(name)s is writing the outcome.", { name })
          : t("%(name)s has not written the outcome yet.", { name });
    return make("p", { class: "record-waiting", role: "status", text: words });
  }
  return make(
    "div",
    { class: "record-signed" },
    entry(t("Decision"), decisionWords(fields.decision ?? "")),
    entry(noteTitle(fields.decision ?? ""), fields.decision_note),
    entry(t("Diagnosis"), fields.diagnosis),
    entry(t("Plan"), fields.plan),
    entry(t("Follow-up"), fields.follow_up_on ? dateWords(fields.follow_up_on) : t("no day agreed")),
    signatureLine(signature),
    signature.whole ? null : notice(brokenWords(), "danger"),
  );
}

function noteTitle(decision: string): string {
  return decision === "changed" ? t("What is changed") : decision === "declined" ? t("Why it is declined") : t("Note");
}
