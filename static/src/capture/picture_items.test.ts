import { describe, expect, test } from "vitest";
import { isUnfinished, parseListing, type ListedInstance } from "./listing";
import { instanceItem, serverUploadItem, transferItem } from "./picture_items";
import { durationWords, percent, sizeWords } from "./sizes";
import type { Transfer, TransferState } from "./transfer";

function transfer(state: TransferState, sent = 1_000_000): Transfer {
  const file = { key: "1", caseId: "c", name: "chest.dcm", size: 8_000_000, lastModified: 1, uploadId: null, face: null };
  return { ...file, noPreview: null, kept: true, sent, state, reason: "Because." };
}

const INSTANCE: ListedInstance = {
  id: "a1",
  kind: "still",
  state: "ready",
  progress: 1,
  reason: null,
  name: "THORAX",
  modality: "CR",
  frames: 1,
  thumbnail: "/t.webp",
  preview: "/p.webp",
  hold: null,
  side: null,
  mayTellSide: false,
  notes: [],
};

describe("a picture on whose film somebody said which side is which", () => {
  const photo = { ...INSTANCE, mayTellSide: true, side: { side: "left_on_left", by: "Dr Rao" } } as const;

  test("says who told it, and those who may add can correct it", () => {
    expect(instanceItem(photo, false, true).words).toContain("L at the left edge, as told by Dr Rao");
    expect(instanceItem(photo, false, true).acts).toEqual(["look", "side"]);
    expect(instanceItem(photo, false, false).acts).toEqual(["look"]);
  });
});

describe("a file of which this device makes no preview", () => {
  test("says why beside how far it is, and when it shows", () => {
    const { words } = transferItem({ ...transfer("sending"), noPreview: "photo" });
    expect(words).toMatch(/^Being sent, 12 %.*cannot show photos of this kind.*shows when all of it is there/);
  });

  test("says that the specialist sees it where its preview is at the server", () => {
    expect(transferItem(transfer("sending"), true).words).toMatch(/left. The specialist sees a preview.$/);
  });

  test("says nothing of it once it was refused", () => {
    expect(transferItem({ ...transfer("refused"), noPreview: "photo" }).words).toBe("Because.");
  });
});

describe("a file that is being sent", () => {
  test("says how far it is and how much is left", () => {
    const item = transferItem(transfer("sending"));
    expect(item.words).toBe("Being sent, 12 %, 7.0 MB left");
    expect(item.progress).toBe(0.125);
    expect(item.acts).toEqual(["pause", "cancel"]);
  });

  test.each([
    ["waiting", ["first", "pause", "cancel"]],
    ["offline", ["pause", "cancel"]],
    ["paused", ["resume", "cancel"]],
    ["missing", ["choose", "cancel"]],
    ["sent", []],
    ["refused", ["remove"]],
  ] as const)("%s offers %j", (state, acts) => {
    expect(transferItem(transfer(state)).acts).toEqual(acts);
  });

  test("a refused one says why and shows no progress", () => {
    expect(transferItem(transfer("refused"))).toMatchObject({ words: "Because.", tone: "danger", progress: null });
  });
});

test("a refused upload of the server's stays listed with its reason", () => {
  const upload = { id: "u", fileName: "a.txt", size: 5, received: 5, state: "refused", reason: "Not a picture.", instances: [] } as const;
  expect(serverUploadItem(upload)).toMatchObject({ words: "Not a picture.", tone: "danger", acts: ["remove"] });
});

test("a zip that the server opened says what became of it, until it is taken off the list", () => {
  const upload = { id: "u", fileName: "cd.zip", size: 5, received: 5, state: "stored", reason: "It was opened.", instances: [] } as const;
  expect(serverUploadItem(upload)).toMatchObject({ words: "It was opened.", tone: "", progress: null, acts: ["remove"] });
});

describe("a picture", () => {
  test("that is ready can be looked at; a clip says its frames", () => {
    expect(instanceItem(INSTANCE)).toMatchObject({ words: "Ready", tone: "good", acts: ["look"], progress: null });
    expect(instanceItem({ ...INSTANCE, kind: "clip", frames: 120 }).words).toBe("Ready, 120 frames");
  });

  test("that is being prepared shows how far", () => {
    const item = instanceItem({ ...INSTANCE, state: "processing", progress: 0.4, preview: null });
    expect(item).toMatchObject({ words: "Being prepared, 40 %", progress: 0.4, acts: [] });
  });

  test("that cannot be used says why", () => {
    expect(instanceItem({ ...INSTANCE, state: "unusable", reason: "It ends too early." }).words).toBe("It ends too early.");
  });
});

describe("the server's listing", () => {
  const json = {
    uploads: [{ id: "u", file_name: "a.dcm", size: 9, received: 4, state: "receiving", reason: null }],
    studies: [
      {
        instances: [
          {
            id: "i",
            kind: "clip",
            state: "processing",
            progress: 0.5,
            reason: null,
            description: "",
            file_name: "clip.dcm",
            modality: "US",
            frames: 120,
            renditions: { thumbnail: { url: "/t" } },
          },
        ],
      },
    ],
  };

  test("is read strictly", () => {
    const listing = parseListing(json);
    expect(listing.uploads[0]).toMatchObject({ fileName: "a.dcm", received: 4 });
    expect(listing.instances[0]).toMatchObject({ name: "clip.dcm", thumbnail: "/t", preview: null, frames: 120 });
    expect(isUnfinished(listing)).toBe(true);
    expect(() => parseListing({ uploads: [{}], studies: [] })).toThrow("uploads[0].id");
  });

  test("an upload that nobody sends is not worth asking about again and again", () => {
    expect(isUnfinished({ ...parseListing(json), instances: [] })).toBe(false);
  });
});

test("a length of time is said as a person would, and rounded up", () => {
  expect([5, 61, 240, 601, 3600, 5000, 40_000].map(durationWords)).toEqual([
    "less than a minute",
    "about 2 min",
    "about 4 min",
    "about 15 min",
    "about 1 h",
    "about 1 h 30 min",
    "about 12 h",
  ]);
});

test("sizes and hundredths", () => {
  expect([0, 400, 640_000, 3_449_000].map(sizeWords)).toEqual(["0 KB", "1 KB", "640 KB", "3.4 MB"]);
  expect([percent(999, 1000), percent(1000, 1000), percent(0, 0)]).toEqual([99, 100, 100]);
});

describe("a picture whose file names another patient", () => {
  const held: ListedInstance = { ...INSTANCE, thumbnail: null, preview: null, hold: { state: "open", fields: ["name"], by: "", reason: "" } };

  test("is decided by the treating doctor and only told to everybody else", () => {
    expect(instanceItem(held, true).acts).toEqual(["decide"]);
    expect(instanceItem(held).acts).toEqual([]);
    expect(instanceItem(held).words).toContain("names another patient");
  });

  test("says, once confirmed, who confirmed it and why", () => {
    const hold = { state: "confirmed", fields: ["name"], by: "Dr Rao", reason: "Married name" } as const;
    const item = instanceItem({ ...INSTANCE, hold });
    expect(item.acts).toEqual(["look"]);
    expect(item.words).toContain("Dr Rao says it is this one: Married name");
  });
});
