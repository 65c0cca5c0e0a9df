/** What the documents' JSON API takes and answers: the twin of consult/reports/protocol.py. */

export type Fields = Readonly<Record<string, string>>;
export type DraftState = "none" | "writing" | "signed";
export type Kind = "opinion" | "outcome";
export type Right = "write_opinion" | "write_outcome" | "add_addendum";

export interface Signature {
  readonly at: string;
  readonly name: string;
  readonly registration_number: string;
  readonly sha256: string;
  /** False: what is stored is no longer what was signed. */
  readonly whole: boolean;
}

/** A key image as it was frozen; more of it than this is printed. */
export interface FrozenImage {
  readonly instance: string;
  readonly frame: number;
  readonly frames: number;
  readonly description: string;
  readonly annotations: readonly unknown[];
}

export interface DocumentReply {
  readonly state: DraftState;
  readonly version: number;
  readonly updated_at: string | null;
  readonly mine: boolean;
  /** Null for whoever may not read an unsigned draft. */
  readonly fields: Fields | null;
  readonly key_images: readonly FrozenImage[] | null;
  readonly signature: Signature | null;
}

export interface AddendumReply {
  readonly id: string;
  readonly text: string;
  readonly signature: Signature;
}

export interface ReportReply {
  readonly state: "none" | "making" | "ready" | "failed";
  readonly url: string | null;
}

export interface RecordReply {
  readonly consult_id: string;
  readonly state: string;
  readonly role: string;
  readonly reader: string;
  readonly treating_doctor: string;
  readonly specialist: string;
  readonly rights: readonly Right[];
  readonly opinion: DocumentReply;
  readonly outcome: DocumentReply;
  readonly addenda: readonly AddendumReply[];
  readonly report: ReportReply;
}

export interface SavedReply {
  readonly version: number;
  readonly updated_at: string;
}
