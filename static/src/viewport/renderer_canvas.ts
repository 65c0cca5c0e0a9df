import { type Chunk, chunksOf, levelFor, type Renderer, type Scene, UNTURNED } from "./renderer";
import { LEVELS, type TileStore } from "./tile_store";
import type { Codes } from "./tiles";
import { apply, inverse, type Matrix, type Rect, scaled, type Size } from "./view";

/** The longest side that every browser's canvas manages; larger images are cut. */
const MOST_SIDE = 4096;

interface Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Which table each tile was painted with. */
  readonly painted: Map<number, Uint8Array>;
}

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  // Read back for windowing: a canvas kept in memory is then faster than one on the graphics card.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) {
    throw new Error("This browser cannot draw.");
  }
  return context;
}

function sized(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas;
}

/** Each grey level as an opaque pixel. */
function pixels(lut: Uint8Array): Uint32Array {
  return Uint32Array.from(lut, (grey) => (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0);
}

/** Where WebGL is missing, in software or too small: windows on the processor, zooms with the 2D canvas. */
export class CanvasRenderer implements Renderer {
  readonly kind = "canvas";
  readonly canvas = document.createElement("canvas");
  private readonly context = context2d(this.canvas);
  private store: TileStore | null = null;
  private chunks: Chunk[] = [];
  private readonly sheets = new Map<string, Sheet>();
  private scratch: ImageData | null = null;
  private table: { lut: Uint8Array; pixels: Uint32Array } | null = null;

  draw(scene: Scene, matrix: Matrix, size: Size, ratio: number): void {
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = Math.max(1, width);
      this.canvas.height = Math.max(1, height);
    }
    this.paint(this.context, scene, scaled(matrix, ratio), { width, height });
  }

  readBack(scene: Scene): ImageData {
    const scale = Math.min(1, MOST_SIDE / Math.max(scene.columns, scene.rows));
    const canvas = sized(Math.round(scene.columns * scale), Math.round(scene.rows * scale));
    const context = context2d(canvas);
    this.paint(context, scene, scaled(UNTURNED, scale), canvas);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  destroy(): void {
    this.sheets.clear();
    this.canvas.width = 1;
    this.canvas.height = 1;
    this.canvas.remove();
  }

  private paint(context: CanvasRenderingContext2D, scene: Scene, matrix: Matrix, size: Size): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "low"; // tiles come from the fitting level: two pixels for one at most
    const seen = seenRect(scene, matrix, size);
    const { tiles, lut } = scene;
    const visible = tiles && lut ? tiles.within(seen) : [];
    const covered = tiles !== null && visible.length > 0 && visible.every((number) => tiles.has(number));
    if (scene.base && !covered) {
      const shrunk = (Math.hypot(matrix[0], matrix[1]) * scene.columns) / scene.base.width;
      context.imageSmoothingQuality = shrunk < 0.5 ? "medium" : "low";
      context.setTransform(...matrix);
      context.drawImage(scene.base, 0, 0, scene.columns, scene.rows);
      context.setTransform(1, 0, 0, 1, 0, 0);
      if (scene.baseLut) {
        retone(context, scene.baseLut, screenRect(scene, matrix, size));
      }
    }
    if (tiles && lut) {
      this.paintTiles(context, tiles, lut, matrix, new Set(visible));
    }
  }

  private paintTiles(
    context: CanvasRenderingContext2D,
    store: TileStore,
    lut: Uint8Array,
    matrix: Matrix,
    visible: ReadonlySet<number>,
  ): void {
    if (this.store !== store) {
      this.store = store;
      this.chunks = chunksOf(store, MOST_SIDE);
      this.sheets.clear();
    }
    const level = levelFor(Math.hypot(matrix[0], matrix[1]), LEVELS);
    context.setTransform(...matrix);
    this.chunks.forEach((chunk, index) => {
      const numbers = chunk.tiles.filter((number) => visible.has(number) && store.has(number));
      if (numbers.length > 0) {
        const sheet = this.sheet(`${index}/${level}`, chunk, level);
        for (const number of numbers) {
          this.paintTile(sheet, chunk, store, number, level, lut);
        }
        context.drawImage(sheet.canvas, chunk.x, chunk.y, chunk.width, chunk.height);
      }
    });
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  private sheet(key: string, chunk: Chunk, level: number): Sheet {
    const known = this.sheets.get(key);
    if (known) {
      return known;
    }
    const canvas = sized(chunk.width >> level, chunk.height >> level);
    const sheet = { canvas, context: context2d(canvas), painted: new Map<number, Uint8Array>() };
    this.sheets.set(key, sheet);
    return sheet;
  }

  private paintTile(
    sheet: Sheet,
    chunk: Chunk,
    store: TileStore,
    number: number,
    level: number,
    lut: Uint8Array,
  ): void {
    if (sheet.painted.get(number) === lut) {
      return;
    }
    const box = store.box(number);
    const codes = store.codes(number, level);
    if (!codes) {
      return;
    }
    const image = this.blank(Math.max(1, box.width >> level), Math.max(1, box.height >> level));
    const out = new Uint32Array(image.data.buffer);
    if (store.tiles.index.channels === 1) {
      paintGrey(out, codes, this.pixelsOf(lut));
    } else {
      paintColour(out, codes, lut);
    }
    sheet.context.putImageData(image, (box.x - chunk.x) >> level, (box.y - chunk.y) >> level);
    sheet.painted.set(number, lut);
  }

  /** An image to paint into; the same one again while the size is, since a fresh megabyte costs as much as painting it. */
  private blank(width: number, height: number): ImageData {
    if (this.scratch?.width !== width || this.scratch.height !== height) {
      this.scratch = new ImageData(width, height);
    }
    return this.scratch;
  }

  private pixelsOf(lut: Uint8Array): Uint32Array {
    if (this.table?.lut !== lut) {
      this.table = { lut, pixels: pixels(lut) };
    }
    return this.table.pixels;
  }
}

function paintGrey(out: Uint32Array, codes: Codes, table: Uint32Array): void {
  const count = out.length;
  for (let i = 0; i < count; i++) {
    out[i] = table[codes[i] as number] as number;
  }
}

function paintColour(out: Uint32Array, codes: Codes, lut: Uint8Array): void {
  const count = out.length;
  for (let i = 0; i < count; i++) {
    const red = lut[codes[i] as number] as number;
    const green = lut[codes[i + count] as number] as number;
    const blue = lut[codes[i + 2 * count] as number] as number;
    out[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
}

/** The box of image px that falls into a canvas of `size`. */
function seenRect(scene: Scene, matrix: Matrix, size: Size): Rect {
  const back = inverse(matrix);
  const p = apply(back, { x: 0, y: 0 });
  const q = apply(back, { x: size.width, y: size.height });
  return {
    x0: Math.max(0, Math.min(p.x, q.x)),
    y0: Math.max(0, Math.min(p.y, q.y)),
    x1: Math.min(scene.columns, Math.max(p.x, q.x)),
    y1: Math.min(scene.rows, Math.max(p.y, q.y)),
  };
}

/** The box of canvas px that the image covers. */
function screenRect(scene: Scene, matrix: Matrix, size: Size): Rect {
  const p = apply(matrix, { x: 0, y: 0 });
  const q = apply(matrix, { x: scene.columns, y: scene.rows });
  return {
    x0: Math.max(0, Math.floor(Math.min(p.x, q.x))),
    y0: Math.max(0, Math.floor(Math.min(p.y, q.y))),
    x1: Math.min(size.width, Math.ceil(Math.max(p.x, q.x))),
    y1: Math.min(size.height, Math.ceil(Math.max(p.y, q.y))),
  };
}

/** Passes what is on the canvas through a table: on the screen's pixels, since there are never more than needed. */
function retone(context: CanvasRenderingContext2D, lut: Uint8Array, rect: Rect): void {
  const [width, height] = [rect.x1 - rect.x0, rect.y1 - rect.y0];
  if (width < 1 || height < 1) {
    return;
  }
  const image = context.getImageData(rect.x0, rect.y0, width, height);
  const data = image.data;
  for (let i = 0; i < data.length; i += 4) {
    data[i] = lut[data[i] as number] as number;
    data[i + 1] = lut[data[i + 1] as number] as number;
    data[i + 2] = lut[data[i + 2] as number] as number;
  }
  context.putImageData(image, rect.x0, rect.y0);
}
