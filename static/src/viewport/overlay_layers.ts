import { Field } from "./parse";

/** One plane: over which frame (from 1; 0 is every frame), its box in image px, and where its bits lie in the file. */
export interface OverlayPlane {
  readonly frame: number;
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
  readonly offset: number;
  readonly length: number;
}

/** "G": drawn by a person or a machine; "R": a region of interest. */
export interface OverlayLayer {
  readonly label: string;
  readonly type: "G" | "R";
  readonly planes: readonly OverlayPlane[];
}

function readPlane(field: Field): OverlayPlane {
  const [frame, x, y, columns, rows, offset, length] = field.list();
  return {
    frame: frame?.count() ?? 0,
    x: x?.count() ?? 0,
    y: y?.count() ?? 0,
    columns: columns?.count(1) ?? 1,
    rows: rows?.count(1) ?? 1,
    offset: offset?.count() ?? 0,
    length: length?.count(1) ?? 1,
  };
}

/** Reads an index strictly; throws a `FormatError` naming the first wrong field. */
export function parseLayers(json: unknown): readonly OverlayLayer[] {
  return new Field(json, "").get("layers").list().map((layer) => ({
    label: layer.get("label").words(),
    type: layer.get("type").oneOf("G", "R"),
    planes: layer.get("planes").list().map(readPlane),
  }));
}

/** The planes that lie over a frame, each with the layer it belongs to. */
export function planesOf(layers: readonly OverlayLayer[], frame: number): readonly [OverlayLayer, OverlayPlane][] {
  return layers.flatMap((layer) =>
    layer.planes
      .filter((plane) => plane.frame === 0 || plane.frame === frame)
      .map((plane): [OverlayLayer, OverlayPlane] => [layer, plane]),
  );
}

/** RGBA of a plane's bits (least significant first, row after row): `colour` where a bit is set, nothing elsewhere. */
export function painted(bits: Uint8Array, count: number, colour: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    if ((((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1) {
      pixels[at] = colour;
    }
  }
  return new Uint8ClampedArray(pixels.buffer);
}
