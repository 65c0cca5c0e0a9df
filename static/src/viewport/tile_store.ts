import type { InstanceManifest, TileRendition } from "./manifest";
import type { TileDecoder } from "./tile_decoder";
import { type Codes, halved, inflate, readValues, tileBox } from "./tiles";
import type { Rect } from "./view";

/** Zoomed-out copies of a tile beside the tile itself: halves, quarters, eighths. */
export const LEVELS = 4;
const AT_ONCE = 2;
const RETRY_MS = 3000;
/** About 84 MB of codes; beyond it the tiles longest unseen are let go and fetched again when needed. */
const MOST_TILES = 160;

export interface TileStoreOptions {
  readonly manifest: InstanceManifest;
  readonly tiles: TileRendition;
  readonly decoder: TileDecoder;
  /** A tile came, or the list of values did. */
  readonly changed: () => void;
}

/** The lossless pixels of one instance, as far as they were fetched. Fetches what is wanted, most wanted first. */
export class TileStore {
  readonly tiles: TileRendition;
  readonly columns: number;
  readonly rows: number;
  /** What indexed codes stand for, once fetched. */
  values: Int32Array | null = null;
  private readonly loaded = new Map<number, Codes[]>();
  private readonly running = new Map<number, AbortController>();
  private wanted: readonly number[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;
  private valuesAsked: Promise<void> | null = null;
  private bytesFetched = 0;

  constructor(private readonly options: TileStoreOptions) {
    this.tiles = options.tiles;
    this.columns = options.manifest.columns;
    this.rows = options.manifest.rows;
  }

  get count(): number {
    return this.tiles.index.across * this.tiles.index.down;
  }

  get fetched(): number {
    return this.bytesFetched;
  }

  /** How many different codes there can be. */
  get codeCount(): number {
    const { values, bits } = this.tiles.index;
    return values ? values.count : 2 ** bits;
  }

  /** False while indexed codes cannot be read because their list of values is still on its way. */
  get readable(): boolean {
    return this.tiles.index.values === null || this.values !== null;
  }

  box(number: number) {
    return tileBox(this.tiles.index, this.columns, this.rows, number);
  }

  has(number: number): boolean {
    return this.readable && this.loaded.has(number);
  }

  /** The codes of a loaded tile at a level (0 is every pixel), or undefined. */
  codes(number: number, level = 0): Codes | undefined {
    const levels = this.loaded.get(number);
    const first = levels?.[0];
    if (!levels || !first) {
      return undefined;
    }
    const box = this.box(number);
    for (let next = levels.length; next <= level; next++) {
      const above = levels[next - 1] ?? first;
      const [width, height] = [Math.max(1, box.width >> (next - 1)), Math.max(1, box.height >> (next - 1))];
      levels.push(halved(above, width, height, this.tiles.index.channels));
    }
    return levels[level];
  }

  /** The tiles that a box of image px touches, those nearest to its middle first. */
  within(rect: Rect): number[] {
    const { tile, across, down } = this.tiles.index;
    const found: { number: number; far: number }[] = [];
    const [mx, my] = [(rect.x0 + rect.x1) / 2, (rect.y0 + rect.y1) / 2];
    for (let row = Math.floor(rect.y0 / tile); row < down && row * tile < rect.y1; row++) {
      for (let column = Math.floor(rect.x0 / tile); column < across && column * tile < rect.x1; column++) {
        const far = Math.hypot((column + 0.5) * tile - mx, (row + 0.5) * tile - my);
        found.push({ number: row * across + column, far });
      }
    }
    return found.sort((a, b) => a.far - b.far).map(({ number }) => number);
  }

  /** How much of these tiles is here: 0 to 1. */
  share(numbers: readonly number[]): number {
    return numbers.length === 0 ? 0 : numbers.filter((number) => this.has(number)).length / numbers.length;
  }

  /** Fetches these, in this order, and stops fetching others. */
  want(numbers: readonly number[]): void {
    this.wanted = numbers;
    for (const [number, controller] of this.running) {
      if (!numbers.includes(number)) {
        controller.abort();
      }
    }
    this.next();
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  close(): void {
    this.want([]);
    clearTimeout(this.retry);
    this.loaded.clear();
  }

  private next(): void {
    clearTimeout(this.retry);
    if (this.wanted.length > 0) {
      this.askForValues();
    }
    for (const number of this.wanted) {
      if (this.running.size >= AT_ONCE) {
        return;
      }
      if (!this.loaded.has(number) && !this.running.has(number)) {
        void this.load(number);
      }
    }
  }

  private async load(number: number): Promise<void> {
    const controller = new AbortController();
    this.running.set(number, controller);
    let failed = false;
    try {
      const bytes = await fetchBytes(`${this.tiles.url}/${number}`, controller.signal);
      this.bytesFetched += bytes.length;
      const { bits, channels } = this.tiles.index;
      const codes = await this.options.decoder.decode(bytes, { ...this.box(number), bits, channels });
      this.keep(number, codes);
    } catch {
      failed = !controller.signal.aborted;
    } finally {
      this.running.delete(number);
    }
    if (failed) {
      this.retry = setTimeout(() => this.next(), RETRY_MS);
    } else {
      this.next();
    }
  }

  private keep(number: number, codes: Codes): void {
    this.loaded.set(number, [codes]);
    for (const old of this.loaded.keys()) {
      if (this.loaded.size <= MOST_TILES) {
        break;
      }
      if (!this.wanted.includes(old)) {
        this.loaded.delete(old);
      }
    }
    this.options.changed();
  }

  private askForValues(): void {
    const { values } = this.tiles.index;
    if (!values || this.values || this.valuesAsked) {
      return;
    }
    this.valuesAsked = fetchBytes(`${this.tiles.url}/values`)
      .then(inflate)
      .then((raw) => {
        this.values = readValues(raw, values.count);
        this.options.changed();
      })
      .catch(() => {
        this.valuesAsked = null;
        this.retry = setTimeout(() => this.next(), RETRY_MS);
      });
  }
}

/** The bytes at `url`. Rejects if the server does not give them. */
export async function fetchBytes(url: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { credentials: "same-origin", ...(signal ? { signal } : {}) });
  if (!response.ok) {
    throw new Error(`${url}: ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
