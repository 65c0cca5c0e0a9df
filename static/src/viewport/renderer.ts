import type { TileStore } from "./tile_store";
import type { Matrix, Size } from "./view";

/** Everything that is to be drawn, without where: the placement is a matrix beside it. */
export interface Scene {
  readonly columns: number;
  readonly rows: number;
  /** An 8-bit rendition or a clip's frame, stretched over the whole image. */
  readonly base: ImageBitmap | null;
  /** Display value for each value of `base`; null leaves them. */
  readonly baseLut: Uint8Array | null;
  /** Lossless pixels, drawn over the base wherever they are loaded. */
  readonly tiles: TileStore | null;
  /** Display value for each stored code; a new array whenever it changes. */
  readonly lut: Uint8Array | null;
}

export interface Renderer {
  readonly kind: "webgl" | "canvas";
  readonly canvas: HTMLCanvasElement;
  /** Draws `scene` where `matrix` puts it (image px to CSS px) in a viewport of `size` CSS px at `ratio` device px each. */
  draw(scene: Scene, matrix: Matrix, size: Size, ratio: number): void;
  /** The displayed pixels at one device px per image px, unturned: drawn by the same code as on the screen. */
  readBack(scene: Scene): ImageData;
  destroy(): void;
}

/** A part of the image that one texture or canvas holds. */
export interface Chunk {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly number[];
}

/** Cuts an image into pieces of whole tiles no side of which is above `most` px. */
export function chunksOf(store: TileStore, most: number): Chunk[] {
  const { tile, across } = store.tiles.index;
  const side = Math.max(1, Math.floor(most / tile)) * tile;
  const chunks: Chunk[] = [];
  for (let y = 0; y < store.rows; y += side) {
    for (let x = 0; x < store.columns; x += side) {
      const [width, height] = [Math.min(side, store.columns - x), Math.min(side, store.rows - y)];
      const tiles: number[] = [];
      for (let row = y / tile; row * tile < y + height; row++) {
        for (let column = x / tile; column * tile < x + width; column++) {
          tiles.push(row * across + column);
        }
      }
      chunks.push({ x, y, width, height, tiles });
    }
  }
  return chunks;
}

/** The level from which to draw at `scale` device px per image px: never fewer pixels than the screen has. */
export function levelFor(scale: number, levels: number): number {
  return Math.min(Math.max(Math.floor(Math.log2(1 / scale)), 0), levels - 1);
}

export const UNTURNED: Matrix = [1, 0, 0, 1, 0, 0];
