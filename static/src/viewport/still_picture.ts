import { t } from "../ui/text";
import type { InstanceManifest, Rendition, VoiWindow } from "./manifest";
import { type Need, type Picture, type PictureDeps, type Quality, sharpening } from "./picture";
import type { Scene } from "./renderer";
import { fetchBytes, TileStore } from "./tile_store";
import type { Rect } from "./view";
import { defaultWindow, renderedLut, sameWindow, storedLut, type Tone } from "./voi_window";

type BaseLevel = "none" | "thumbnail" | "tablet" | "preview" | "full";
const ORDER: readonly BaseLevel[] = ["none", "thumbnail", "tablet", "preview", "full"];
const SETTLED_MS = 350;

/** A rendition as a bitmap with the file's own values: no colour management, no premultiplication. */
async function bitmapOf(rendition: Rendition, signal: AbortSignal): Promise<ImageBitmap> {
  const bytes = await fetchBytes(rendition.url, signal);
  return createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

function renditionAt(level: BaseLevel, { renditions }: InstanceManifest): Rendition | undefined {
  return level === "none" ? undefined : level === "tablet" ? renditions.tablet_preview : renditions[level];
}

/**
 * An X-ray, a photograph, a page: what the sender's tablet made of it, then the original's own preview, full size and
 * lossless tiles, each in the same place.
 */
export class StillPicture implements Picture {
  failure: string | null = null;
  private base: ImageBitmap | null = null;
  private level: BaseLevel = "none";
  /** The window that `base` was made with: news of the original may bring another. */
  private baseWindow: VoiWindow;
  private loading: BaseLevel | null = null;
  private wanted: BaseLevel = "preview";
  private store: TileStore | null = null;
  private asked = false;
  private settled: ReturnType<typeof setTimeout> | undefined;
  private readonly controller = new AbortController();
  private tables: { key: string; base: Uint8Array | null; tiles: Uint8Array | null } | null = null;

  constructor(
    private current: InstanceManifest,
    private readonly deps: PictureDeps,
  ) {
    this.baseWindow = defaultWindow(current);
    this.update(current);
  }

  get manifest(): InstanceManifest {
    return this.current;
  }

  get shownFrame(): number {
    return this.base || (this.store?.share([0]) ?? 0) > 0 ? 1 : 0;
  }

  get received(): number {
    return this.base ? 1 : 0;
  }

  update(manifest: InstanceManifest): void {
    this.current = manifest;
    this.tables = null;
    this.failure = null; // a tablet's preview goes when the original's own is here
    const { tiles } = manifest.renditions;
    if (tiles && tiles.id !== this.store?.tiles.id) {
      this.store?.close();
      this.store = new TileStore({ manifest, tiles, decoder: this.deps.decoder, changed: () => this.tilesChanged() });
    }
    void this.load();
  }

  wantFrame(): void {
    // A still picture has one frame.
  }

  need(need: Need): void {
    const { tone, scale, zoomedIn, thrifty } = need;
    const preview = this.current.renditions.preview ?? this.current.renditions.tablet_preview;
    const previewScale = preview ? preview.width / this.current.columns : 0;
    const toned = !sameWindow(tone.window, defaultWindow(this.current));
    const wants = sharpening({ scale, previewScale, toned, zoomedIn, thrifty, asked: this.asked });
    this.wanted = wants.full ? "full" : "preview";
    void this.load();
    clearTimeout(this.settled);
    // Once the hand rests: tiles passed on the way are not worth their bytes.
    this.settled = setTimeout(
      () => {
        this.store?.want(wants.lossless ? this.store.within(need.visible) : []);
        this.deps.changed();
      },
      this.asked ? 0 : SETTLED_MS,
    );
  }

  askForLossless(): void {
    this.asked = true;
  }

  retry(): void {
    this.failure = null;
    void this.load();
  }

  scene(tone: Tone): Scene {
    const key = `${tone.window.center}/${tone.window.width}/${String(tone.invert)}/${String(this.store?.readable)}`;
    const store = this.store?.readable === true ? this.store : null;
    if (this.tables?.key !== key) {
      const codes = store && { size: store.codeCount, offset: store.tiles.index.offset, values: store.values };
      const tiles = codes && storedLut(this.current, codes, tone);
      this.tables = { key, base: renderedLut(this.current, tone, this.baseWindow), tiles };
    }
    const { columns, rows } = this.current;
    return { columns, rows, base: this.base, baseLut: this.tables.base, tiles: store, lut: this.tables.tiles };
  }

  quality(visible: Rect, tone: Tone): Quality {
    const numbers = this.store?.within(visible) ?? [];
    const lossless = this.store?.share(numbers) ?? 0;
    const toned = !sameWindow(tone.window, defaultWindow(this.current));
    return {
      level: lossless === 1 ? "lossless" : this.level,
      lossless,
      fetching: this.store?.busy ?? false,
      approximate: (toned || !sameWindow(tone.window, this.baseWindow)) && lossless < 1,
      small: false,
      offered: this.store !== null && lossless < 1,
    };
  }

  /** The lossless pixels, as far as they are here. */
  get lossless(): TileStore | null {
    return this.store;
  }

  close(): void {
    clearTimeout(this.settled);
    this.controller.abort();
    this.store?.close();
    this.base?.close();
    this.base = null;
  }

  private tilesChanged(): void {
    this.deps.changed();
  }

  /** The next better rendition up to the wanted one; the thumbnail only where there is nothing else yet. */
  private next(): BaseLevel | null {
    const { renditions } = this.current;
    const has = ORDER.indexOf(this.level);
    const most = ORDER.indexOf(this.wanted);
    if (has < ORDER.indexOf("preview") && renditions.preview) {
      return "preview";
    }
    if (has < ORDER.indexOf("tablet") && renditions.tablet_preview) {
      return "tablet";
    }
    if (most > has && renditions.full && (renditions.preview === undefined || this.level === "preview")) {
      return "full";
    }
    return this.level === "none" && renditions.thumbnail ? "thumbnail" : null;
  }

  private async load(): Promise<void> {
    const level = this.next();
    const rendition = level === null ? undefined : renditionAt(level, this.current);
    const window = defaultWindow(this.current);
    if (this.loading || level === null || !rendition || this.failure !== null) {
      return;
    }
    this.loading = level;
    try {
      const bitmap = await bitmapOf(rendition, this.controller.signal);
      this.base?.close();
      this.base = bitmap;
      this.level = level;
      this.baseWindow = window;
      this.tables = null;
    } catch {
      this.failed(level);
      return;
    } finally {
      this.loading = null;
      this.deps.changed();
    }
    await this.load();
  }

  private failed(level: BaseLevel): void {
    if (!this.controller.signal.aborted && level !== "full") {
      this.failure = t("The picture could not be fetched.");
    }
  }
}
