import { t } from "../ui/text";
import type { Kind } from "./kinds";

/** Why a file is not sent, before it is. */
export type LeftReason = Exclude<Kind, "dicom" | "photo" | "video"> | "zip_in_zip" | "locked" | "odd" | "damaged" | "not_chosen";

export interface LeftOut {
  readonly name: string;
  readonly reason: LeftReason;
}

type Words = (count: number) => string;

const KINDS: Readonly<Record<LeftReason, Words>> = {
  program: (count) => (count === 1 ? t("a viewer program") : t("%(count)s parts of a viewer program", { count })),
  web_page: (count) => (count === 1 ? t("a web page") : t("%(count)s parts of web pages", { count })),
  text: (count) => (count === 1 ? t("a text file") : t("%(count)s text files", { count })),
  document: (count) => (count === 1 ? t("a document") : t("%(count)s documents", { count })),
  sound: (count) => (count === 1 ? t("a sound recording") : t("%(count)s sound recordings", { count })),
  system: (count) => (count === 1 ? t("a hidden system file") : t("%(count)s hidden system files", { count })),
  index: (count) => (count === 1 ? t("the disc's index") : t("%(count)s disc indexes", { count })),
  empty: (count) => (count === 1 ? t("an empty file") : t("%(count)s empty files", { count })),
  unreadable: (count) =>
    count === 1 ? t("a file that cannot be read") : t("%(count)s files that cannot be read", { count }),
  unknown: (count) =>
    count === 1 ? t("a file of an unknown kind") : t("%(count)s files of an unknown kind", { count }),
  zip: (count) => (count === 1 ? t("a zip that cannot be opened") : t("%(count)s zips that cannot be opened", { count })),
  zip_in_zip: (count) =>
    count === 1
      ? t("a zip inside a zip (unpack it first)")
      : t("%(count)s zips inside a zip (unpack them first)", { count }),
  locked: (count) =>
    count === 1
      ? t("a file locked with a password (unpack it first)")
      : t("%(count)s files locked with a password (unpack them first)", { count }),
  odd: (count) =>
    count === 1 ? t("a file packed in an unknown way") : t("%(count)s files packed in an unknown way", { count }),
  damaged: (count) =>
    count === 1 ? t("a file that is damaged inside the zip") : t("%(count)s files that are damaged inside the zip", { count }),
  not_chosen: (count) => (count === 1 ? t("a picture not chosen") : t("%(count)s pictures not chosen", { count })),
};

/** "3 files left out: a viewer program, 2 text files." Empty where nothing was. */
export function leftOutWords(left: readonly LeftOut[]): string {
  const counts = new Map<LeftReason, number>();
  left.forEach(({ reason }) => counts.set(reason, (counts.get(reason) ?? 0) + 1));
  const kinds = [...counts].sort((a, b) => b[1] - a[1]).map(([reason, count]) => KINDS[reason](count));
  if (left.length === 0) {
    return "";
  }
  return left.length === 1
    ? t("1 file left out: %(kinds)s.", { kinds: kinds.join(", ") })
    : t("%(count)s files left out: %(kinds)s.", { count: left.length, kinds: kinds.join(", ") });
}
