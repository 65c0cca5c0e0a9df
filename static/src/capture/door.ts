import type { Pacer } from "./pacer";
import type { KeptRecord, Problem } from "./transfer";

/** What one file's transport tells the queue. */
export interface Journey {
  /** Bytes that the server has or that are on their way. */
  progress(sent: number): void;
  /** Bytes that the server has. */
  accepted(received: number): void;
  done(): void;
  failed(problem: Problem): void;
}

/** One file's bytes under way; `stop` leaves what the server has where it is. */
export interface Carrier {
  stop(): void;
}

export interface Opened {
  readonly uploadId: string;
  readonly received: number;
  /** The server has every byte already: it was sent before, perhaps from elsewhere. */
  readonly whole: boolean;
  /** What became of what came along; null where nothing did. */
  readonly ahead: AheadOutcome | null;
}

/**
 * Of what goes ahead of a file (its preview). shown: the case's other viewers see it, or soon will. here: the case has
 * this picture already. late: the original was faster. refused: the server cannot use it; the original decides.
 */
export type AheadOutcome = "shown" | "here" | "late" | "refused";

export type Outcome =
  | { readonly state: "receiving" | "checking" | "stored" | "gone" }
  | { readonly state: "refused"; readonly code: string; readonly reason: string };

/** The server's side. `open`, `outcome` and `end` reject with a SendingProblem. */
export interface Door {
  /** Opens the upload of a file; `along` goes in the same request, which saves a round trip. */
  open(record: KeptRecord, signal: AbortSignal, along: FormData | null): Promise<Opened>;
  carry(file: File, record: KeptRecord, journey: Journey, pacer: Pacer): Carrier;
  outcome(uploadId: string): Promise<Outcome>;
  end(uploadId: string): Promise<void>;
}
