import { t } from "../ui/text";

export function urgencyWords(urgency: string): string {
  const words: Readonly<Record<string, string>> = {
    emergency: t("Emergency"),
    urgent: t("Urgent"),
    routine: t("Routine"),
  };
  return words[urgency] ?? urgency;
}

export function decisionWords(decision: string): string {
  const words: Readonly<Record<string, string>> = {
    accepted: t("Accepts the opinion"),
    changed: t("Accepts the opinion with changes"),
    declined: t("Declines the opinion"),
  };
  return words[decision] ?? decision;
}

export function noteWords(decision: string): string {
  const words: Readonly<Record<string, string>> = {
    changed: t("What do you change?"),
    declined: t("Why do you decline it?"),
  };
  return words[decision] ?? t("Note");
}

function language(): string {
  return `${document.documentElement.lang || "en"}-IN`;
}

/** A moment as the reader's own clock says it: "12:04" today, with its day otherwise. */
export function clockWords(moment: Date, now = new Date()): string {
  const time = new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (moment.toDateString() === now.toDateString()) {
    return time.format(moment);
  }
  return `${dayWords(moment)}, ${time.format(moment)}`;
}

export function dayWords(day: Date): string {
  return new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", year: "numeric" }).format(day);
}

/** A date without a time, as a form holds it ("2026-12-20"), in words. */
export function dateWords(date: string): string {
  const day = new Date(`${date}T12:00:00`);
  return Number.isNaN(day.getTime()) ? date : dayWords(day);
}
