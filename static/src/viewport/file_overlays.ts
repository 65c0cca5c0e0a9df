import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { ClipRendition, InstanceManifest } from "./manifest";
import { type OverlayLayer, painted, parseLayers, planesOf } from "./overlay_layers";
import { fetchBytes } from "./tile_store";
import { inflate } from "./tiles";
import type { Matrix } from "./view";

// As bytes R, G, B, A lie in a 32-bit word of every machine that a browser runs on.
const COLOURS = { G: 0xff4de0ff, R: 0xffffd76b } as const;
const RETRY_MS = 3000;

/** What the file itself draws over its picture (DICOM overlays): a layer of its own, which can be hidden. */
export class FileOverlays {
  readonly root = document.createElement("div");
  readonly button = document.createElement("button");
  private readonly words = document.createElement("span");
  private source: ClipRendition | null = null;
  private layers: readonly OverlayLayer[] = [];
  private bytes: Uint8Array<ArrayBuffer> | null = null;
  private painted = "";
  private off = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {
    this.root.className = "file-overlays";
    this.button.type = "button";
    this.button.className = "mark-badge mark-about-button";
    this.button.addEventListener("click", () => this.toggle());
    this.say();
    this.clear();
  }

  get hidden(): boolean {
    return this.off;
  }

  toggle(): void {
    this.off = !this.off;
    this.say();
    this.changed();
  }

  /** Nothing of any picture stays. */
  clear(): void {
    clearTimeout(this.retry);
    this.source = null;
    this.layers = [];
    this.bytes = null;
    this.painted = "";
    this.root.replaceChildren();
    this.button.hidden = true;
  }

  /** Lies over what `matrix` (image px to CSS px) shows of a frame (from 1). */
  show(manifest: InstanceManifest, frame: number, matrix: Matrix): void {
    const wanted = manifest.renditions.overlays ?? null;
    if (wanted?.id !== this.source?.id) {
      this.clear();
      this.source = wanted;
      void this.load();
    }
    this.button.hidden = wanted === null;
    this.root.hidden = this.off;
    if (this.off || !this.bytes || frame < 1) {
      return;
    }
    this.root.style.transform = `matrix(${matrix.join(",")})`;
    this.root.classList.toggle("file-overlays-large", Math.hypot(matrix[0], matrix[1]) > 1);
    const key = planesOf(this.layers, frame).map(([, plane]) => plane.offset).join();
    if (key !== this.painted) {
      this.painted = key;
      this.paint(frame, key, this.bytes).catch(() => this.again());
    }
  }

  private async load(): Promise<void> {
    const source = this.source;
    if (!source) {
      return;
    }
    try {
      const index = new TextDecoder().decode(await fetchBytes(source.index_url));
      const bytes = await fetchBytes(source.url);
      if (this.source === source) {
        this.layers = parseLayers(JSON.parse(index));
        this.bytes = bytes;
        this.say();
        this.changed();
      }
    } catch {
      if (this.source === source) {
        this.again();
      }
    }
  }

  /** The link is gone, or what came is not whole. */
  private again(): void {
    clearTimeout(this.retry);
    this.bytes = null;
    this.painted = "";
    this.retry = setTimeout(() => void this.load(), RETRY_MS);
  }

  private async paint(frame: number, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const canvases = await Promise.all(
      planesOf(this.layers, frame).map(async ([layer, plane]) => {
        const bits = await inflate(bytes.subarray(plane.offset, plane.offset + plane.length));
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [plane.columns, plane.rows];
        const pixels = painted(bits, plane.columns * plane.rows, COLOURS[layer.type]);
        canvas.getContext("2d")?.putImageData(new ImageData(pixels, plane.columns, plane.rows), 0, 0);
        canvas.style.left = `${plane.x}px`;
        canvas.style.top = `${plane.y}px`;
        return canvas;
      }),
    );
    if (this.painted === key) {
      this.root.replaceChildren(...canvases);
    }
  }

  private say(): void {
    const labels = [...new Set(this.layers.map((layer) => layer.label))].filter((label) => label !== "").join(", ");
    this.words.textContent = this.off ? t("The file's drawings are hidden") : t("The file's drawings are shown");
    this.button.replaceChildren(icon(this.off ? "eye-off" : "eye"), this.words);
    this.button.title = labels;
  }
}
