import type { DataSet } from "dicom-parser";
import type { Stored, Window } from "./preview_tone";

/** Lookup tables that a header carries (PS3.3 C.11.2.1.1 and C.7.6.3.1.5); the server knows more kinds of them. */
interface Table {
  readonly first: number;
  readonly entries: Uint16Array;
  readonly bits: number;
}

function tableOf(data: DataSet, descriptor: string, content: string, signed: boolean): Table | null {
  const said = data.uint16(descriptor, 0);
  const bits = data.uint16(descriptor, 2);
  const first = (signed ? data.int16(descriptor, 1) : data.uint16(descriptor, 1)) ?? 0;
  const element = data.elements[content];
  if (said === undefined || !element || (bits ?? 0) === 0) {
    return null;
  }
  const count = said === 0 ? 65536 : said;
  const bytes = data.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  if (bytes.length === count || bytes.length === count + 1) {
    return { first, entries: Uint16Array.from(bytes.subarray(0, count)), bits: 8 };
  }
  if (bytes.length < count * 2) {
    return null; // it lies about its own length
  }
  const entries = Uint16Array.from({ length: count }, (_, index) => data.uint16(content, index) ?? 0);
  return { first, entries, bits: bits ?? 16 };
}

function entry(table: Table, value: number): number {
  const index = Math.min(Math.max(Math.round(value) - table.first, 0), table.entries.length - 1);
  return table.entries[index] as number;
}

/** Levels for the stored values low..high through the file's VOI LUT, and the straight window nearest to it. */
export function voiTable(
  data: DataSet,
  [low, high]: readonly [number, number],
  lut: { readonly slope: number; readonly intercept: number },
): { readonly table: Uint8ClampedArray; readonly window: Window | null } | null {
  const item = data.elements.x00283010?.items?.[0]?.dataSet;
  const signed = low * lut.slope + lut.intercept < 0;
  const voi = item ? tableOf(item, "x00283002", "x00283006", signed) : null;
  if (!voi) {
    return null;
  }
  const levels = Float64Array.from({ length: high - low + 1 }, (_, index) => entry(voi, (low + index) * lut.slope + lut.intercept));
  const top = levels.reduce((most, level) => Math.max(most, level), 0);
  const bottom = levels.reduce((least, level) => Math.min(least, level), Infinity);
  if (top <= bottom) {
    return null;
  }
  const table = new Uint8ClampedArray(levels.map((level) => (level / top) * 255));
  return { table, window: windowOfTable(table, low, lut) };
}

/** The linear window nearest to a rising table. */
function windowOfTable(
  table: Uint8ClampedArray,
  low: number,
  lut: { readonly slope: number; readonly intercept: number },
): Window | null {
  const top = table.reduce((most, level) => Math.max(most, level), 0);
  const first = table.findIndex((level) => level >= 6);
  const last = table.findIndex((level) => level >= Math.min(249, top));
  if ((table.at(-1) ?? 0) <= (table[0] ?? 0) || last <= first) {
    return null;
  }
  const start = (low + first) * lut.slope + lut.intercept;
  const end = (low + last) * lut.slope + lut.intercept;
  return { center: (start + end) / 2, width: Math.max(Math.abs(end - start), 1) };
}

/** The palette's three tables. Throws where it has none that is whole (segmented ones are left to the server). */
export function paletteOf(data: DataSet): readonly [Table, Table, Table] {
  const [red, green, blue] = ["1", "2", "3"].map((colour) => tableOf(data, `x0028110${colour}`, `x0028120${colour}`, false));
  if (!red || !green || !blue) {
    throw new Error("the palette is left to the server");
  }
  return [red, green, blue];
}

/** Indexes as RGB bytes. */
export function paletted(values: Stored, palette: readonly [Table, Table, Table]): Uint8Array {
  const out = new Uint8Array(values.length * 3);
  palette.forEach((table, colour) => {
    const shift = Math.max(0, table.bits - 8);
    for (let index = 0; index < values.length; index++) {
      out[index * 3 + colour] = entry(table, values[index] as number) >> shift;
    }
  });
  return out;
}
