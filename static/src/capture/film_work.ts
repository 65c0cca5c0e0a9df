import type { Quad } from "./film_geometry";

/** What the film worker is asked; each answer carries the question's number. */
export type FilmRequest = { readonly number: number } & (
  | { readonly kind: "open"; readonly photo: Blob }
  | { readonly kind: "look"; readonly quad: Quad }
  | { readonly kind: "straighten"; readonly quad: Quad }
  | { readonly kind: "judge"; readonly shots: readonly ImageBitmap[] }
);

/** `null`: this device cannot do it. */
export type FilmReply = { readonly number: number } & (
  | { readonly kind: "opened"; readonly width: number; readonly height: number; readonly proposed: Quad }
  | { readonly kind: "looked"; readonly glare: number }
  | { readonly kind: "straight"; readonly film: Blob }
  | { readonly kind: "judged"; readonly scores: readonly number[]; readonly photos: readonly Blob[] }
  | { readonly kind: "failed" }
);
