import { t } from "../ui/text";

/** Why this device makes no preview of a file; the file itself goes all the same. */
export const NO_PREVIEW_REASONS = ["encoding", "photo", "video", "no_picture", "unreadable", "unknown", "slow", "refused"] as const;
export type NoPreviewReason = (typeof NO_PREVIEW_REASONS)[number];

/** Thrown where no preview can be made. */
export class NoPreview extends Error {
  constructor(
    readonly reason: NoPreviewReason,
    message: string,
  ) {
    super(message);
    this.name = "NoPreview";
  }
}

/** What whoever sends the file reads beside it: why nobody sees it yet, and when they will. */
export function noPreviewWords(reason: NoPreviewReason): string {
  switch (reason) {
    case "encoding":
      return t("No preview: this device cannot open how it is packed. It shows when all of it is there.");
    case "photo":
      return t("No preview: this device cannot show photos of this kind. It shows when all of it is there.");
    case "video":
      return t("No preview: this device cannot play this video. It shows when all of it is there.");
    case "no_picture":
      return t("No preview: it is a document or holds no picture. It shows when all of it is there.");
    case "unknown":
      return t("No preview: this device does not know files of this kind. It shows when all of it is there.");
    case "slow":
      return t("No preview: it would take this device too long. It shows when all of it is there.");
    case "unreadable":
    case "refused":
      return t("No preview could be made of it. It shows when all of it is there.");
  }
}
