import { ApiError } from "../ui/api";
import type { Side } from "../viewport/sides";
import type { NoPreviewReason } from "./no_preview";

/**
 * waiting: its turn comes. sending. offline: it cannot be sent just now, `reason` says why, it is tried again by itself.
 * paused: by the person, or for the call. missing: this device no longer has the file; it must be chosen again.
 * sent: every byte is at the server, which looks at it. refused: the server will not have it; `reason` says why.
 */
export type TransferState = "waiting" | "sending" | "offline" | "paused" | "missing" | "sent" | "refused";

/** One file on its way, as every tab of the browser sees it. */
export interface Transfer {
  /** This device's own name for it: 32 hexadecimal digits. */
  readonly key: string;
  readonly caseId: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, as the file system tells. */
  readonly lastModified: number;
  /** Bytes that the server has, or that are on their way to it. */
  readonly sent: number;
  readonly state: TransferState;
  readonly reason: string | null;
  /** The server's name for it, once it has one. */
  readonly uploadId: string | null;
  /** A small picture of it, made here. */
  readonly face: Blob | null;
  /** Why nobody sees a preview of it; null where somebody may. */
  readonly noPreview: NoPreviewReason | null;
  /** Whether the file would still be sent if this page were closed now. */
  readonly kept: boolean;
}

/** What is written down about a file so that its sending survives the page; its bytes lie beside it. */
export interface KeptRecord {
  readonly id: string;
  readonly caseId: string;
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  /** Of a photographed film: which side is which; "" where nobody said. Records of an older page have none. */
  readonly side?: Side | "" | undefined;
  /** Smaller goes first; 0 unless the person asked for "first" (then below 0). */
  order: number;
  held: boolean;
  uploadId: string | null;
  /** Bytes that the server has acknowledged. */
  received: number;
  sha256: string | null;
  /** Whether what goes ahead of the bytes (a preview) is done with. */
  ahead: boolean;
  /** Why nothing goes ahead of it; null where something does, or it is not known yet. */
  noPreview?: NoPreviewReason | null;
  /** How often it was begun again from the start. */
  restarts: number;
  /** Every byte is at the server, which has not yet said what became of it. */
  whole: boolean;
  refusal: string | null;
  face: Blob | null;
}

export type Problem =
  /** The link, or a server that cannot just now: tried again by itself. `reason` where the server said one. */
  | { readonly kind: "network"; readonly reason?: string }
  /** For a while, and not the link's fault: no room, signed out. */
  | { readonly kind: "later"; readonly reason: string }
  /** The server no longer knows the upload. */
  | { readonly kind: "gone" }
  /** This device cannot read the file any more. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "refused"; readonly reason: string };

/** A problem as something that can be thrown. */
export class SendingProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.kind);
    this.name = "SendingProblem";
  }
}

/** What is behind something that was thrown while a file was being sent. */
export function problemIn(error: unknown): Problem {
  if (error instanceof SendingProblem) {
    return error.problem;
  }
  if (error instanceof ApiError) {
    return { kind: "network" };
  }
  const name = error instanceof Error ? error.name : "";
  if (name === "NotReadableError" || name === "NotFoundError") {
    return { kind: "unreadable" }; // browsers say so in several ways when a stick was pulled out
  }
  console.error("a file could not be sent:", error);
  return { kind: "network" };
}

/** 32 hexadecimal digits; not randomUUID, which plain http from another machine does not have. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
