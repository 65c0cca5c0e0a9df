// @vitest-environment node
import { strToU8, zipSync } from "fflate";
import { describe, expect, test, vi } from "vitest";
import { personName, readDiscIndex } from "./disc_index";
import { comparable, foundFile, type Found } from "./found";
import { gather, type Gathered } from "./gathering";
import { kindOfHead } from "./kinds";
import { leftOutWords } from "./left_out";

const DICOM = new Uint8Array([...new Uint8Array(128), ...strToU8("DICM\u0002\u0000\u0000\u0000UL")]);
const PHOTO = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const PROGRAM = strToU8("MZ\u0090");

function found(path: string, bytes: Uint8Array): Found {
  return foundFile(new File([new Uint8Array(bytes)], path.split("/").at(-1) ?? ""), path);
}

function gathered(all: Found[], from: "files" | "folder" = "folder"): Promise<Gathered> {
  return gather(all, from, { askDisc: () => Promise.resolve(null), tell: vi.fn() });
}

function names(some: readonly Found[]): string[] {
  return some.map((one) => one.path.at(-1) ?? "");
}

describe("what a file is", () => {
  test.each([
    ["dicom", DICOM, "IM000001"],
    ["photo", PHOTO, "film.jpg"],
    ["photo", strToU8("\0\0\0\x18ftypheic"), "a.heic"],
    ["video", strToU8("\0\0\0\x18ftypisom"), "clip.mp4"],
    ["sound", strToU8("\0\0\0\x18ftypM4A "), "note.m4a"],
    ["dicom", new Uint8Array([8, 0, 5, 0, 67, 83, 10, 0, 73, 83]), "bare"],
    ["program", PROGRAM, "viewer"],
    ["program", strToU8("[autorun]\nopen=viewer.exe"), "AUTORUN.INF"],
    ["web_page", strToU8("  <!DOCTYPE html>"), "index"],
    ["document", strToU8("%PDF-1.4"), "report"],
    ["document", strToU8("PK\u0003\u0004"), "letter.docx"],
    ["zip", strToU8("PK\u0003\u0004"), "pictures"],
    ["text", strToU8("read me"), "README.TXT"],
    ["unknown", strToU8("what is this"), "data"],
  ] as const)("%s by its first bytes", (kind, head, name) => {
    expect(kindOfHead(head, name)).toBe(kind);
  });

  test("an index of a disc is known by its class, not by its name", () => {
    const head = new Uint8Array([...DICOM, ...strToU8("\u0002\u0000\u0002\u0000UI\u0014\u00001.2.840.10008.1.3.10\u0000")]);
    expect(kindOfHead(head, "IMAGE")).toBe("index");
  });
});

describe("a folder", () => {
  test("leaves out what cannot be a picture, and counts it", async () => {
    const { found: taken, left } = await gathered([
      found("cd/IMAGES/IM1", DICOM),
      found("cd/film.jpg", PHOTO),
      found("cd/viewer.exe", PROGRAM),
      found("cd/lib/core.dll", PROGRAM),
      found("cd/README.TXT", strToU8("read me")),
      found("cd/.DS_Store", strToU8("\0\0\0")),
      found("cd/what", strToU8("unknown to all")),
      found("cd/nothing.dcm", new Uint8Array()),
    ]);
    expect(names(taken)).toEqual(["IM1", "film.jpg"]);
    expect(leftOutWords(left)).toBe(
      "6 files left out: 2 parts of a viewer program, a text file, a hidden system file, a file of an unknown kind, an empty file.",
    );
  });

  test("a file that was pointed at by itself is sent even if nobody here knows it: the server says what it is", async () => {
    expect(names((await gathered([found("odd.img", strToU8("odd"))], "files")).found)).toEqual(["odd.img"]);
  });

  test("one file that is left out has its own sentence", async () => {
    const { left } = await gathered([found("viewer.exe", PROGRAM)], "files");
    expect(leftOutWords(left)).toBe("1 file left out: a viewer program.");
    expect(leftOutWords([])).toBe("");
  });
});

describe("a zip", () => {
  test("is opened, and what is inside is judged as in a folder", async () => {
    const bytes = zipSync({ "a.dcm": DICOM, "run.exe": PROGRAM, "more.zip": zipSync({ b: DICOM }), __MACOSX: { "._a.dcm": PHOTO } });
    const { found: taken, left, faults } = await gathered([found("export.zip", bytes)], "files");
    expect(names(taken)).toEqual(["a.dcm"]);
    expect(leftOutWords(left)).toContain("a zip inside a zip (unpack it first)");
    expect(leftOutWords(left)).toContain("a hidden system file");
    expect(faults).toEqual([]);
  });

  test("that is damaged or a bomb gets a sentence with its name", async () => {
    const bomb = zipSync({ "a.dcm": new Uint8Array(80_000_000) });
    const { found: taken, faults } = await gathered([found("bomb.zip", bomb), found("cut.zip", bomb.slice(0, 500))], "files");
    expect(taken).toEqual([]);
    expect(faults).toEqual([
      "bomb.zip unpacks to far more than its size, so it was not opened. Ask who made it.",
      "cut.zip is damaged or was cut off. Copy it again from where it came.",
    ]);
  });
});

describe("a disc's index", () => {
  test("that is damaged is no reason to lose the pictures beside it", async () => {
    const index = new Uint8Array([...DICOM, ...strToU8("1.2.840.10008.1.3.10")]);
    const { found: taken } = await gathered([found("cd/DICOMDIR", index), found("cd/IM1", DICOM)]);
    expect(names(taken)).toEqual(["IM1"]);
    expect(readDiscIndex(index)).toBeNull();
    expect(readDiscIndex(new Uint8Array())).toBeNull();
  });

  test("names people as they are called, and files as discs write them", () => {
    expect(personName("Devi^Sunita^Kumari=デビ^スニタ")).toBe("Sunita Kumari Devi");
    expect(comparable(["IMAGES", "IM000001.;1"])).toBe("images/im000001");
  });
});
