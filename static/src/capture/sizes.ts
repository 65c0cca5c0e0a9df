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
