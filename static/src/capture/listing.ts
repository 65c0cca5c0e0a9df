import { getJson } from "../ui/api";
import { type Hold, readHold, readNotes } from "../viewport/manifest";
import { Field } from "../viewport/parse";
import { readSide, type ToldSide } from "../viewport/sides";

export interface ServerUpload {
  readonly id: string;
  readonly fileName: string;
  readonly size: number;
  readonly received: number;
  readonly state: "receiving" | "checking" | "stored" | "refused" | "cancelled";
  /** Why it was refused; of a stored one: that it was a zip, whose pictures are listed by themselves. */
  readonly reason: string | null;
  /** What shows of it already. */
  readonly instances: readonly string[];
}

/** An instance as a list shows it; the viewport reads more. */
export interface ListedInstance {
  readonly id: string;
  readonly kind: "still" | "clip" | "document";
  readonly state: "provisional" | "received" | "processing" | "ready" | "unusable";
  readonly progress: number;
  readonly reason: string | null;
  readonly name: string;
  readonly modality: string;
  readonly frames: number;
  readonly thumbnail: string | null;
  readonly preview: string | null;
  readonly hold: Hold | null;
  /** Which side is which, as somebody told it. */
  readonly side: ToldSide | null;
  /** Whether that is a person's to tell: of a photo whose file does not say it. */
  readonly mayTellSide: boolean;
  /** What cannot be trusted in it, and what could be done better. */
  readonly notes: readonly string[];
}

export interface Listing {
  readonly uploads: readonly ServerUpload[];
  readonly instances: readonly ListedInstance[];
}

function readUpload(field: Field): ServerUpload {
  return {
    id: field.get("id").text(),
    fileName: field.get("file_name").words(),
    size: field.get("size").count(),
    received: field.get("received").count(),
    state: field.get("state").oneOf("receiving", "checking", "stored", "refused", "cancelled"),
    reason: field.get("reason").orNull((value) => value.text()),
    instances: field.get("instances").missing ? [] : field.get("instances").list().map((id) => id.text()),
  };
}

function readInstance(field: Field): ListedInstance {
  const url = (name: string): string | null =>
    field
      .get("renditions")
      .get(name)
      .orNull((rendition) => rendition.get("url").text());
  return {
    id: field.get("id").text(),
    kind: field.get("kind").oneOf("still", "clip", "document"),
    state: field.get("state").oneOf("provisional", "received", "processing", "ready", "unusable"),
    progress: field.get("progress").orNull((value) => value.number()) ?? 0,
    reason: field.get("reason").orNull((value) => value.text()),
    name: field.get("description").words() || field.get("file_name").words(),
    modality: field.get("modality").words(),
    frames: field.get("frames").orNull((value) => value.count()) ?? 1,
    thumbnail: url("thumbnail") ?? url("tablet_preview"),
    preview: url("preview") ?? url("tablet_preview"),
    hold: field.get("hold").orNull(readHold),
    side: field.get("side").orNull(readSide),
    mayTellSide: mayTellSide(field),
    notes: [...readNotes(field.get("cautions")), ...readNotes(field.get("advice"))],
  };
}

const PHOTOGRAPHED = "XC"; // DICOM's modality of photographs (PS3.3 C.7.3.1.1.1)

function mayTellSide(field: Field): boolean {
  const ready = field.get("kind").value === "still" && !field.get("rows").missing;
  return ready && (!field.get("side").missing || field.get("modality").words() === PHOTOGRAPHED);
}

/** Reads `GET /imaging/cases/<id>`; throws a `FormatError` for anything else. */
export function parseListing(json: unknown): Listing {
  const field = new Field(json, "");
  return {
    uploads: field.get("uploads").list().map(readUpload),
    instances: field
      .get("studies")
      .list()
      .flatMap((study) => study.get("instances").list().map(readInstance)),
  };
}

/** What a case holds: uploads on their way and the pictures made of them. Rejects with an `ApiError`. */
export async function fetchListing(caseId: string): Promise<Listing> {
  return parseListing(await getJson<unknown>(`/imaging/cases/${caseId}`));
}

/** Whether the server is still at work on something here, so that it is worth asking again soon. */
export function isUnfinished(listing: Listing): boolean {
  return (
    listing.uploads.some((upload) => upload.state === "checking") ||
    listing.instances.some((instance) => instance.state === "received" || instance.state === "processing")
  );
}
