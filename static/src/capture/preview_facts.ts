import type { NoPreviewReason } from "./no_preview";

/** What this device read of a file; the server checks each value and measures nothing by it. */
export interface TabletFacts {
  readonly kind: "still" | "clip";
  readonly media: "dicom" | "dicom_video" | "jpeg" | "png" | "webp" | "heic" | "avif" | "bmp" | "video";
  readonly modality: string;
  /** Of the original, in its own pixels: what annotations are drawn in. */
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly frame_time_ms: number | null;
  readonly photometric: "MONOCHROME1" | "MONOCHROME2" | "RGB";
  readonly bits_stored: number;
  readonly window: { readonly center: number; readonly width: number } | null;
  readonly modality_lut: { readonly slope: number; readonly intercept: number };
  readonly pixel_range: { readonly min: number; readonly max: number } | null;
  readonly sop_instance_uid: string;
  readonly series_instance_uid: string;
  readonly study_instance_uid: string;
  readonly series_description: string;
  readonly study_description: string;
  readonly study_date: string;
  /** SHA-256 of a file without identity of its own, where it was cheap to know; else "". */
  readonly sha256: string;
  readonly identity: Readonly<Record<string, string>>;
}

export type PreviewRequest =
  | { readonly kind: "warm" }
  | { readonly kind: "still"; readonly file: File }
  | { readonly kind: "clip"; readonly file: File; readonly facts: TabletFacts };

export type PreviewReply =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "none"; readonly why: NoPreviewReason }
  | { readonly kind: "still"; readonly facts: TabletFacts; readonly still: Blob }
  | { readonly kind: "clip"; readonly bytes: Blob; readonly index: Readonly<Record<string, unknown>> };

/** The facts of a photograph or film: no identity, no intensities, nothing of its EXIF. */
export function photographFacts(media: TabletFacts["media"], columns: number, rows: number): TabletFacts {
  return {
    kind: "still",
    media,
    modality: "XC",
    rows,
    columns,
    frames: 1,
    frame_time_ms: null,
    photometric: "RGB",
    bits_stored: 8,
    window: null,
    modality_lut: { slope: 1, intercept: 0 },
    pixel_range: null,
    sop_instance_uid: "",
    series_instance_uid: "",
    study_instance_uid: "",
    series_description: "",
    study_description: "",
    study_date: "",
    sha256: "",
    identity: {},
  };
}
