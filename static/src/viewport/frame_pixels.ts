import { postJson } from "../ui/api";
import type { InstanceManifest } from "./manifest";
import type { TileDecoder } from "./tile_decoder";
import { TileStore } from "./tile_store";
import type { Rect } from "./view";

export interface FramePixelsDeps {
  readonly decoder: TileDecoder;
  readonly changed: () => void;
}

/** The lossless pixels of the one frame of a clip on which somebody paused: made by the server, then fetched. */
export class FramePixels {
  private store: TileStore | null = null;
  private frame = 0;
  /** The frame (from 1) that was asked for and is not here yet; 0 for none. */
  private waiting = 0;
  private readonly told = new Set<number>();

  constructor(private readonly deps: FramePixelsDeps) {}

  /** Fetches what is visible of a frame (from 1), the server making it first if need be. */
  want(manifest: InstanceManifest, frame: number, visible: Rect): void {
    const tiles = manifest.frame_tiles.find((one) => one.frame_number === frame);
    if (!tiles) {
      this.ask(manifest, frame);
      return;
    }
    this.waiting = 0;
    if (this.store?.tiles.id !== tiles.id) {
      this.drop();
      const { decoder, changed } = this.deps;
      this.store = new TileStore({ manifest, tiles, decoder, changed });
      this.frame = frame;
    }
    this.store.want(this.store.within(visible));
  }

  /** The pixels, if they are of this frame and can be read. */
  of(frame: number): TileStore | null {
    return this.frame === frame && this.store?.readable === true ? this.store : null;
  }

  /** How much of what is visible of a frame is here: 0 to 1. */
  share(frame: number, visible: Rect): number {
    const store = this.of(frame);
    return store ? store.share(store.within(visible)) : 0;
  }

  fetching(frame: number): boolean {
    return this.waiting === frame || (this.frame === frame && (this.store?.busy ?? false));
  }

  /** Stops fetching: the person has moved on. */
  rest(): void {
    this.waiting = 0;
    this.store?.want([]);
  }

  drop(): void {
    this.store?.close();
    this.store = null;
    this.frame = 0;
  }

  private ask(manifest: InstanceManifest, frame: number): void {
    this.waiting = frame;
    if (this.told.has(frame)) {
      return; // the news that they are here comes with the manifest
    }
    this.told.add(frame);
    postJson(`/imaging/instances/${manifest.id}/frames/${frame}/tiles`).catch(() => {
      this.told.delete(frame);
      this.waiting = 0;
      this.deps.changed();
    });
  }
}
