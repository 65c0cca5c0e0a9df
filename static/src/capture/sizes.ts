import { t } from "../ui/text";

/** Bytes as people read them: "640 KB", "3.4 MB". Thousands, as networks count. */
export function sizeWords(bytes: number): string {
  if (bytes < 1_000_000) {
    return t("%(count)s KB", { count: Math.max(bytes === 0 ? 0 : 1, Math.round(bytes / 1000)) });
  }
  return t("%(count)s MB", { count: (bytes / 1_000_000).toFixed(1) });
}

/** A part of a whole in hundredths, never 100 before it is whole. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.min(part < whole ? 99 : 100, Math.floor((100 * part) / whole));
}

/** How long something will take, as a person would say it; rounded up, for a promise is better kept. */
export function durationWords(seconds: number): string {
  if (seconds < 50) {
    return t("less than a minute");
  }
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) {
    return t("about %(count)s min", { count: minutes < 10 ? minutes : Math.ceil(minutes / 5) * 5 });
  }
  const hours = Math.floor(minutes / 60);
  const rest = Math.ceil((minutes % 60) / 10) * 10;
  if (hours >= 10 || rest === 0 || rest === 60) {
    return t("about %(count)s h", { count: rest === 0 ? hours : hours + 1 });
  }
  return t("about %(hours)s h %(minutes)s min", { hours, minutes: rest });
}
