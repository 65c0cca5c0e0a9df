/** Bytes: what this participant spent on the consult, what their site spent this month and may spend. */
export interface DataUse {
  readonly voice: number;
  readonly video: number;
  readonly images: number;
  readonly month: number;
  readonly month_limit: number | null;
  readonly saver: boolean;
}
