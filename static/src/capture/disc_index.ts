import dicomParser from "dicom-parser";
import { cleanPath } from "./found";

/** What a CD or USB export says of itself (DICOMDIR, PS3.3 annex F): patients, studies, series and their files. */
export interface Disc {
  readonly patients: readonly DiscPatient[];
}

export interface DiscPatient {
  readonly name: string;
  readonly birthDate: string;
  readonly studies: readonly DiscStudy[];
}

export interface DiscStudy {
  /** YYYYMMDD, or empty. */
  readonly date: string;
  readonly description: string;
  readonly series: readonly DiscSeries[];
}

export interface DiscSeries {
  readonly modality: string;
  readonly number: string;
  readonly description: string;
  /** Paths from the index's own folder. */
  readonly files: readonly (readonly string[])[];
}

type DataSet = dicomParser.DataSet;

const MOST_RECORDS = 50_000;
// Specific Character Set (PS3.3 section C.12.1.1.2) in the words of the Encoding Standard.
const CHARACTER_SETS: Readonly<Record<string, string>> = {
  "ISO_IR 100": "iso-8859-1", "ISO_IR 101": "iso-8859-2", "ISO_IR 109": "iso-8859-3", "ISO_IR 110": "iso-8859-4",
  "ISO_IR 144": "iso-8859-5", "ISO_IR 127": "iso-8859-6", "ISO_IR 126": "iso-8859-7", "ISO_IR 138": "iso-8859-8",
  "ISO_IR 148": "iso-8859-9", "ISO_IR 203": "iso-8859-15", "ISO_IR 13": "shift_jis", "ISO_IR 166": "windows-874",
  "ISO_IR 192": "utf-8", GB18030: "gb18030", GBK: "gbk", "ISO 2022 IR 87": "iso-2022-jp",
};

function words(set: DataSet, tag: string): string {
  const element = set.elements[tag];
  if (!element || element.length === 0) {
    return "";
  }
  const bytes = set.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  const charset = (set.string("x00080005") ?? "").split("\\").find((one) => one.trim() in CHARACTER_SETS);
  const label = charset === undefined ? "utf-8" : (CHARACTER_SETS[charset.trim()] ?? "utf-8");
  return new TextDecoder(label).decode(bytes).replace(/[\u0000-\u001f]/g, " ").trim();
}

/** A name (PS3.5 section 6.2.1.1) as it is spoken: given names first; the first of its ways of writing. */
export function personName(value: string): string {
  const [family = "", given = "", middle = ""] = (value.split("=")[0] ?? "").split("^").map((part) => part.trim());
  return [given, middle, family].filter((part) => part !== "").join(" ");
}

interface Walk {
  readonly at: ReadonlyMap<number, DataSet>;
  readonly seen: Set<number>;
}

/** A record and those beside it, in order: each names the place of the next (0004,1400). */
function siblings(walk: Walk, first: number): DataSet[] {
  const found: DataSet[] = [];
  for (let at = first; at !== 0 && !walk.seen.has(at); ) {
    walk.seen.add(at); // an index that leads in a circle ends here
    const record = walk.at.get(at);
    if (!record) {
      break;
    }
    if (record.uint16("x00041410") !== 0) {
      found.push(record);
    }
    at = record.uint32("x00041400") ?? 0;
  }
  return found;
}

function below(walk: Walk, record: DataSet): DataSet[] {
  return siblings(walk, record.uint32("x00041420") ?? 0);
}

function readSeries(walk: Walk, record: DataSet): DiscSeries {
  const files = below(walk, record)
    .map((one) => cleanPath((one.string("x00041500") ?? "").split("\\").join("/")))
    .filter((path) => path.length > 0);
  const number = words(record, "x00200011");
  return { modality: words(record, "x00080060"), number, description: words(record, "x0008103e"), files };
}

function readStudy(walk: Walk, record: DataSet): DiscStudy {
  const series = below(walk, record).map((one) => readSeries(walk, one));
  return { date: words(record, "x00080020"), description: words(record, "x00081030"), series: series.filter((one) => one.files.length > 0) };
}

function readPatient(walk: Walk, record: DataSet): DiscPatient {
  const studies = below(walk, record).map((one) => readStudy(walk, one));
  return {
    name: personName(words(record, "x00100010")),
    birthDate: words(record, "x00100030"),
    studies: studies.filter((one) => one.series.length > 0),
  };
}

/** Reads a DICOMDIR; null for one that cannot be read or names no files. */
export function readDiscIndex(bytes: Uint8Array): Disc | null {
  try {
    const set = dicomParser.parseDicom(bytes);
    const items = set.elements.x00041220?.items ?? [];
    if (items.length > MOST_RECORDS) {
      return null;
    }
    // A record's place is that of its item's tag, eight bytes before what is in it.
    const at = new Map(items.flatMap((item) => (item.dataSet ? [[item.dataOffset - 8, item.dataSet] as const] : [])));
    const walk = { at, seen: new Set<number>() };
    const patients = siblings(walk, set.uint32("x00041200") ?? 0).map((record) => readPatient(walk, record));
    const named = patients.filter((patient) => patient.studies.length > 0);
    return named.length > 0 ? { patients: named } : null;
  } catch {
    return null;
  }
}
