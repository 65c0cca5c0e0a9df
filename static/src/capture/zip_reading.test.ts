// @vitest-environment node
import { strToU8, zipSync, type Zippable } from "fflate";
import { describe, expect, test } from "vitest";
import { zipEntries, type ZipEntry } from "./zip_reading";

function zip(inside: Zippable): Uint8Array<ArrayBuffer> {
  return new Uint8Array(zipSync(inside));
}

function file(bytes: Uint8Array<ArrayBuffer>): File {
  return new File([bytes], "pictures.zip", { lastModified: 5 });
}

async function text(entry: ZipEntry | undefined): Promise<string> {
  return (await entry!.open()).text();
}

/** Where a mark first lies; the list at the end repeats what stands before each file. */
function last(bytes: Uint8Array, mark: readonly number[]): number {
  for (let at = bytes.length - mark.length; at >= 0; at -= 1) {
    if (mark.every((byte, index) => bytes[at + index] === byte)) {
      return at;
    }
  }
  throw new Error("no such mark");
}

const LISTED = [0x50, 0x4b, 0x01, 0x02];

describe("what is inside", () => {
  test("is listed without being unpacked, and each file comes out as it went in", async () => {
    const words = "ultrasound ".repeat(100_000);
    const entries = await zipEntries(
      file(zip({ disc: { "A 1.dcm": strToU8(words), "b.dcm": [strToU8("stored"), { level: 0 }] }, empty: new Uint8Array() })),
    );
    expect(entries.map((entry) => [entry.path.join("/"), entry.size])).toEqual([
      ["disc/A 1.dcm", 1_100_000],
      ["disc/b.dcm", 6],
      ["empty", 0],
    ]);
    expect(await text(entries[0])).toBe(words);
    expect(await text(entries[1])).toBe("stored");
    expect(new TextDecoder().decode(await entries[0]!.head(10))).toBe("ultrasound");
    expect((await entries[0]!.open()).name).toBe("A 1.dcm");
  });

  test("a name that climbs out of the zip is only a name", async () => {
    const entries = await zipEntries(file(zip({ "../../etc/passwd": strToU8("x"), "C:\\Windows\\a\u0000.dcm": strToU8("y") })));
    expect(entries.map((entry) => entry.path)).toEqual([
      ["etc", "passwd"],
      ["Windows", "a.dcm"],
    ]);
  });

  test("a comment after the list is passed over", async () => {
    const plain = zip({ "a.dcm": strToU8("a") });
    const comment = strToU8("made by a scanner");
    const bytes = new Uint8Array(plain.length + comment.length);
    bytes.set(plain);
    bytes.set(comment, plain.length);
    bytes[plain.length - 2] = comment.length;
    expect(await zipEntries(file(bytes))).toHaveLength(1);
  });
});

describe("what is refused", () => {
  test("a file locked with a password says so, and is not opened", async () => {
    const bytes = zip({ "a.dcm": strToU8("secret") });
    const at = last(bytes, LISTED) + 8;
    bytes[at] = (bytes[at] ?? 0) | 1;
    const [entry] = await zipEntries(file(bytes));
    expect(entry?.trouble).toBe("locked");
    await expect(entry!.open()).rejects.toThrow();
  });

  test("a file packed in a way that nobody here knows", async () => {
    const bytes = zip({ "a.dcm": strToU8("packed") });
    bytes[last(bytes, LISTED) + 10] = 14; // LZMA
    expect((await zipEntries(file(bytes)))[0]?.trouble).toBe("odd");
  });

  test("a bomb that says how large it is", async () => {
    const bytes = zip({ "a.dcm": new Uint8Array(100_000_000) });
    expect(bytes.length).toBeLessThan(200_000);
    await expect(zipEntries(file(bytes))).rejects.toMatchObject({ fault: "too_much" });
  });

  test("a bomb that lies about its size is stopped as soon as more comes out", async () => {
    const bytes = zip({ "a.dcm": new Uint8Array(5_000_000) });
    new DataView(bytes.buffer).setUint32(last(bytes, LISTED) + 24, 1000, true);
    const [entry] = await zipEntries(file(bytes));
    await expect(entry!.open()).rejects.toThrow("more comes out");
  });

  test("bytes that changed inside", async () => {
    const bytes = zip({ "a.dcm": [strToU8("the same length"), { level: 6 }] });
    new DataView(bytes.buffer).setUint32(last(bytes, LISTED) + 16, 12345, true); // the checksum of something else
    const [entry] = await zipEntries(file(bytes));
    await expect(entry!.open()).rejects.toThrow("damaged");
  });

  test("more files than anybody would look at", async () => {
    const many = Object.fromEntries(Array.from({ length: 5001 }, (_value, index) => [`${index}`, new Uint8Array()]));
    await expect(zipEntries(file(zip(many)))).rejects.toMatchObject({ fault: "too_many" });
  });

  test.each([
    ["an empty file", new Uint8Array(0)],
    ["a file cut off before its end", zip({ "a.dcm": strToU8("x".repeat(500)) }).slice(0, 60)],
    ["noise", new Uint8Array(70_000).map((_value, index) => (index * 7919) % 251)],
  ])("%s is no zip", async (_name, bytes) => {
    await expect(zipEntries(file(bytes))).rejects.toMatchObject({ fault: "not_a_zip" });
  });

  test("no cut and no changed byte does more than fail", async () => {
    const whole = zip({ a: strToU8("alpha".repeat(50)), b: [strToU8("beta"), { level: 0 }] });
    for (let at = 0; at < whole.length; at += 3) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      for (const bytes of [whole.slice(0, at), changed]) {
        const entries = await zipEntries(file(bytes)).catch(() => []);
        for (const entry of entries) {
          const opened = await entry.open().catch(() => null);
          expect(opened === null || opened.size <= 1000).toBe(true);
        }
      }
    }
  });
});
