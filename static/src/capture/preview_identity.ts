import type { DataSet } from "dicom-parser";

/** Whom a file names (PS3.3 C.7.1.1), so that a picture of somebody else is held before anybody sees its preview. */
const TAGS = {
  birth_date: "x00100030",
  age: "x00101010",
  sex: "x00100040",
  patient_id: "x00100020",
  issuer: "x00100021",
  study_date: "x00080020",
  removed: "x00120062",
} as const;

const NAME = "x00100010";
const MOST = 200;
const CHARSETS: Readonly<Record<string, string>> = {
  "": "latin1",
  "ISO_IR 6": "latin1",
  "ISO_IR 100": "latin1",
  "ISO_IR 192": "utf-8",
  GB18030: "gb18030",
  "ISO_IR 144": "iso-8859-5",
};

/** The name in the file's own characters; "" in those that only the server can read. */
function nameOf(data: DataSet): string {
  const element = data.elements[NAME];
  const charset = CHARSETS[(data.string("x00080005") ?? "").trim()];
  if (!element || charset === undefined) {
    return "";
  }
  const bytes = data.byteArray.slice(element.dataOffset, element.dataOffset + element.length);
  return new TextDecoder(charset).decode(new Uint8Array(bytes)).replace(/[\0 ]+$/, "");
}

/** As imaging/guards/header.py says it, without what the file leaves out. */
export function identityOf(data: DataSet): Readonly<Record<string, string>> {
  const said = Object.entries(TAGS).map(([name, tag]) => [name, (data.string(tag) ?? "").slice(0, MOST)] as const);
  return Object.fromEntries([["name", nameOf(data).slice(0, MOST)] as const, ...said].filter(([, value]) => value !== ""));
}
