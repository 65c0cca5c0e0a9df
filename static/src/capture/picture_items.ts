import { t } from "../ui/text";
import type { Hold } from "../viewport/manifest";
import { heldWords } from "../viewport/notice";
import { sideWords } from "../viewport/sides";
import type { ListedInstance, ServerUpload } from "./listing";
import { noPreviewWords } from "./no_preview";
import { percent, sizeWords } from "./sizes";
import type { Transfer } from "./transfer";

export type Act = "pause" | "resume" | "first" | "choose" | "cancel" | "remove" | "look" | "read" | "decide" | "side";

/** One line of the list of pictures, whatever it is a line about. */
export interface Item {
  readonly key: string;
  readonly title: string;
  readonly words: string;
  /** Plain advice under the words. */
  readonly notes?: readonly string[];
  readonly tone: "" | "good" | "warn" | "danger";
  /** 0..1 while something is under way. */
  readonly progress: number | null;
  /** An address, or a picture made on this device. */
  readonly thumbnail: string | Blob | null;
  readonly kind: "still" | "clip" | "document" | "file" | "held";
  readonly acts: readonly Act[];
  readonly instance?: ListedInstance;
}

function transferWords(transfer: Transfer): string {
  const left = sizeWords(transfer.size - transfer.sent);
  switch (transfer.state) {
    case "waiting":
      return t("Waits for its turn, %(size)s", { size: sizeWords(transfer.size) });
    case "sending":
      return t("Being sent, %(percent)s %%, %(left)s left", { percent: percent(transfer.sent, transfer.size), left });
    case "offline":
      return t("%(reason)s %(left)s left", { reason: transfer.reason ?? "", left });
    case "paused":
      return transfer.reason ?? t("Paused, %(left)s left", { left });
    case "missing":
      return t("This device no longer has the file. Choose it again: it goes on from %(percent)s %%.", {
        percent: percent(transfer.sent, transfer.size),
      });
    case "sent":
      return t("Sent, %(size)s. Being looked at.", { size: sizeWords(transfer.size) });
    case "refused":
      return transfer.reason ?? t("The server did not take this file. Try another one.");
  }
}

const TRANSFER_ACTS: Readonly<Record<Transfer["state"], readonly Act[]>> = {
  waiting: ["first", "pause", "cancel"],
  sending: ["pause", "cancel"],
  offline: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  missing: ["choose", "cancel"],
  sent: [],
  refused: ["remove"],
};

const TONES: Partial<Record<Transfer["state"], Item["tone"]>> = { refused: "danger", offline: "warn", missing: "warn" };

function previewWords({ state, noPreview }: Transfer, previewed: boolean): string {
  if (previewed && state !== "refused") {
    return t("The specialist sees a preview.");
  }
  return noPreview === null || state === "refused" || state === "missing" ? "" : noPreviewWords(noPreview);
}

/** A file that this device is sending; `previewed`: its preview is at the server. */
export function transferItem(transfer: Transfer, previewed = false): Item {
  const tone = TONES[transfer.state] ?? "";
  return {
    key: `transfer-${transfer.key}`,
    title: transfer.name,
    words: [transferWords(transfer), previewWords(transfer, previewed)].filter((part) => part !== "").join(". "),
    tone,
    progress: transfer.state === "refused" ? null : transfer.size === 0 ? 0 : transfer.sent / transfer.size,
    thumbnail: transfer.face,
    kind: "file",
    acts: TRANSFER_ACTS[transfer.state],
  };
}

function uploadWords(upload: ServerUpload): string {
  if (upload.state === "refused" || upload.state === "stored") {
    return upload.reason ?? t("This file could not be used.");
  }
  if (upload.state === "checking") {
    return t("Being looked at, %(size)s", { size: sizeWords(upload.size) });
  }
  return t("%(percent)s %% are here. If this is not being sent elsewhere, choose the file again: it goes on from there.", {
    percent: percent(upload.received, upload.size),
  });
}

/** A file that the server knows of, and that this page is not sending. */
export function serverUploadItem(upload: ServerUpload): Item {
  const ended = upload.state === "refused" || upload.state === "stored";
  return {
    key: `upload-${upload.id}`,
    title: upload.fileName,
    words: uploadWords(upload),
    tone: upload.state === "refused" ? "danger" : "",
    progress: ended ? null : upload.received / Math.max(1, upload.size),
    thumbnail: null,
    kind: "file",
    acts: ended ? ["remove"] : [],
  };
}

/** Who said that a picture which names somebody else is this patient's, and why. */
export function confirmedWords(hold: Hold | null): string {
  if (hold?.state !== "confirmed") {
    return "";
  }
  return t("Names another patient; %(name)s says it is this one: %(reason)s", { name: hold.by, reason: hold.reason });
}

/** A picture that nobody may see until it is decided whose it is. */
function heldItem(instance: ListedInstance, mayDecide: boolean): Item {
  return {
    key: `instance-${instance.id}`,
    title: instance.name,
    words: mayDecide ? t("Held: the file names another patient. Decide whose picture it is.") : heldWords(),
    tone: "warn",
    progress: null,
    thumbnail: null,
    kind: "held",
    acts: mayDecide ? ["decide"] : [],
    instance,
  };
}

function instanceWords(instance: ListedInstance): string {
  switch (instance.state) {
    case "provisional":
      return instance.reason ?? t("The specialist sees a preview. The file itself is on its way.");
    case "received":
      return t("Received. Waits to be prepared.");
    case "processing":
      return t("Being prepared, %(percent)s %%", { percent: percent(instance.progress, 1) });
    case "unusable":
      return instance.reason ?? t("This file could not be used.");
    case "ready":
      return instance.kind === "clip" ? t("Ready, %(count)s frames", { count: instance.frames }) : t("Ready");
  }
}

function readable(instance: ListedInstance): boolean {
  return instance.kind === "document" && instance.state === "ready";
}

function actsOf(instance: ListedInstance, mayAdd: boolean): Act[] {
  return [
    ...(instance.preview === null ? [] : ["look" as const]),
    ...(readable(instance) ? ["read" as const] : []),
    ...(mayAdd && instance.mayTellSide ? ["side" as const] : []),
  ];
}

/** A picture that the server has. */
export function instanceItem(instance: ListedInstance, mayDecide = false, mayAdd = false): Item {
  if (instance.hold?.state === "open") {
    return heldItem(instance, mayDecide);
  }
  const lost = instance.state === "provisional" && instance.reason !== null;
  const tones = { provisional: lost ? "warn" : "", received: "", processing: "", ready: "good", unusable: "danger" } as const;
  return {
    key: `instance-${instance.id}`,
    title: instance.name,
    words: [instanceWords(instance), instance.side ? sideWords(instance.side) : "", confirmedWords(instance.hold)].filter((part) => part !== "").join(". "),
    notes: instance.notes,
    tone: tones[instance.state],
    progress: instance.state === "processing" || instance.state === "received" ? instance.progress : null,
    thumbnail: instance.thumbnail,
    kind: instance.kind,
    acts: actsOf(instance, mayAdd),
    instance,
  };
}
