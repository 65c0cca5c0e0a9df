import { t } from "../ui/text";
import type { Disc } from "./disc_index";
import { comparable, type Found } from "./found";
import { kindOfFound, type Kind } from "./kinds";
import type { LeftOut, LeftReason } from "./left_out";
import type { ZipEntry, ZipFault } from "./zip_reading";

/** `files`: each was pointed at. `folder`: a person pointed at what holds them. */
export type From = "files" | "folder";

/** What a disc says it holds, and which of its files are really there. */
export interface DiscChoice {
  readonly disc: Disc;
  /** The file for a path of the index, if it is there. */
  readonly fileAt: (path: readonly string[]) => Found | undefined;
  /** Pictures that the index does not name. */
  readonly others: readonly Found[];
}

export interface GatheringOptions {
  /** Lets the person choose; null: nothing of it. */
  readonly askDisc: (choice: DiscChoice) => Promise<readonly Found[] | null>;
  /** Says what is being done; for long ones. */
  readonly tell: (words: string) => void;
}

/** What will be sent, what will not, and sentences about zips that cannot be opened. */
export interface Gathered {
  readonly found: readonly Found[];
  readonly left: readonly LeftOut[];
  readonly faults: readonly string[];
}

const MOST_INDEX_BYTES = 64 * 1024 * 1024;
const PICTURES = new Set<Kind>(["dicom", "photo", "video"]);

interface Sorted {
  readonly pictures: Found[];
  readonly indexes: Found[];
  readonly left: LeftOut[];
  readonly faults: string[];
}

function nameOf(found: Found): string {
  return found.path.at(-1) ?? "";
}

/** Looks at everything a person pointed at, opens zips and discs, and leaves out what cannot be a picture. */
export async function gather(all: readonly Found[], from: From, options: GatheringOptions): Promise<Gathered> {
  const sorted: Sorted = { pictures: [], indexes: [], left: [], faults: [] };
  await sort(all, from, sorted, options, false);
  let found = sorted.pictures;
  for (const index of sorted.indexes) {
    found = await fromDisc(index, found, sorted.left, options);
  }
  return { found, left: sorted.left, faults: sorted.faults };
}

async function sort(all: readonly Found[], from: From, into: Sorted, options: GatheringOptions, inZip: boolean): Promise<void> {
  let looked = 0;
  for (const found of all) {
    looked += 1;
    if (looked % 20 === 0) {
      options.tell(t("Looking at file %(number)s of %(count)s…", { number: looked, count: all.length }));
    }
    const trouble = (found as ZipEntry).trouble as ZipEntry["trouble"] | undefined;
    const kind = trouble ?? (await kindOfFound(found));
    if (kind === "zip" && !inZip) {
      await openZip(found, into, options);
    } else if (kind === "index") {
      into.indexes.push(found);
    } else if (PICTURES.has(kind as Kind) || (kind === "unknown" && from === "files" && !inZip)) {
      into.pictures.push(found);
    } else {
      into.left.push({ name: nameOf(found), reason: reasonOf(kind, inZip) });
    }
  }
}

function reasonOf(kind: Kind | "locked" | "odd", inZip: boolean): LeftReason {
  if (kind === "zip") {
    return inZip ? "zip_in_zip" : "zip";
  }
  if (kind === "unreadable" && inZip) {
    return "damaged";
  }
  return kind === "dicom" || kind === "photo" || kind === "video" ? "not_chosen" : kind;
}

async function openZip(found: Found, into: Sorted, options: GatheringOptions): Promise<void> {
  options.tell(t("Opening %(name)s…", { name: nameOf(found) }));
  try {
    const { zipEntries } = await import("./zip_reading");
    await sort(await zipEntries(await found.open()), "folder", into, options, true);
  } catch (error) {
    into.faults.push(zipWords(nameOf(found), error));
  }
}

function zipWords(name: string, error: unknown): string {
  switch ((error as Partial<{ fault: ZipFault }>).fault ?? "not_a_zip") {
    case "too_many":
      return t("%(name)s holds too many files to open here. Unpack it and choose the pictures.", { name });
    case "too_much":
      return t("%(name)s unpacks to far more than its size, so it was not opened. Ask who made it.", { name });
    case "not_a_zip":
      return t("%(name)s is damaged or was cut off. Copy it again from where it came.", { name });
  }
}

/** Replaces the pictures that lie under an index's folder by those of them that the person chose. */
async function fromDisc(index: Found, pictures: Found[], left: LeftOut[], options: GatheringOptions): Promise<Found[]> {
  const disc = index.size > MOST_INDEX_BYTES ? null : await discOf(index);
  const root = index.path.slice(0, -1);
  const below = pictures.filter((one) => comparable(one.path).startsWith(root.length > 0 ? `${comparable(root)}/` : ""));
  if (!disc || below.length === 0) {
    return pictures; // an index of nothing: the files themselves say what they are
  }
  const places = new Map(below.map((one) => [comparable(one.path.slice(root.length)), one]));
  const fileAt = (path: readonly string[]): Found | undefined => places.get(comparable(path));
  const named = new Set(pathsOf(disc).map(fileAt));
  const others = below.filter((one) => !named.has(one));
  const chosen = (await options.askDisc({ disc, fileAt, others })) ?? [];
  left.push(...below.filter((one) => !chosen.includes(one)).map((one) => ({ name: nameOf(one), reason: "not_chosen" as const })));
  return [...pictures.filter((one) => !below.includes(one)), ...chosen];
}

async function discOf(index: Found): Promise<Disc | null> {
  try {
    const { readDiscIndex } = await import("./disc_index");
    return readDiscIndex(new Uint8Array(await (await index.open()).arrayBuffer()));
  } catch {
    return null;
  }
}

function pathsOf(disc: Disc): (readonly string[])[] {
  return disc.patients.flatMap((patient) => patient.studies.flatMap((study) => study.series.flatMap((series) => series.files)));
}
