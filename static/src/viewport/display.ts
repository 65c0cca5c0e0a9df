import { t } from "../ui/text";
import { chooseRenderer, type RendererChoice } from "./choose_renderer";
import { FileOverlays } from "./file_overlays";
import { Notice, type NoticeState } from "./notice";
import { Overlay, type OverlayState } from "./overlay";
import type { Renderer, Scene } from "./renderer";
import type { Matrix, Size } from "./view";

const SHARPEST = 2; // device px per CSS px: beyond it nobody sees the difference, but the tablet pays
const EMPTY: Scene = { columns: 1, rows: 1, base: null, baseLut: null, tiles: null, lut: null };

/** Everything that one drawing needs. */
export interface Drawing {
  readonly scene: Scene | null;
  readonly matrix: Matrix;
  readonly marks: OverlayState | null;
  readonly notice: NoticeState | null;
}

export interface DisplayOptions {
  readonly renderer: RendererChoice;
  /** Asked at the start of each drawing. */
  readonly drawing: () => Drawing;
  readonly drawn: (matrix: Matrix) => void;
  readonly resized: (size: Size) => void;
  readonly askForLossless: () => void;
  readonly retry: () => void;
}

/** The elements of a viewport: canvas, marks and notice, and when they are drawn. */
export class Display {
  readonly surface = document.createElement("div");
  readonly overlay: Overlay;
  readonly notice: Notice;
  size: Size = { width: 0, height: 0 };
  /** How often it was drawn since the start: for measuring. */
  drawings = 0;
  private readonly drawn: FileOverlays;
  private renderer: Renderer;
  private readonly observer: ResizeObserver;
  private raf = 0;

  constructor(
    root: HTMLElement,
    private readonly options: DisplayOptions,
  ) {
    this.surface.className = "viewport";
    this.surface.tabIndex = 0;
    this.surface.setAttribute("role", "application");
    this.surface.setAttribute("aria-label", t("Picture"));
    this.drawn = new FileOverlays(() => this.invalidate());
    this.overlay = new Overlay(options.askForLossless, this.drawn);
    this.notice = new Notice(options.retry);
    this.renderer = chooseRenderer(options.renderer, () => this.lost());
    this.surface.append(this.renderer.canvas, this.drawn.root, this.overlay.root, this.notice.root);
    root.append(this.surface);
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.surface);
  }

  get kind(): Renderer["kind"] {
    return this.renderer.kind;
  }

  get ratio(): number {
    return Math.min(window.devicePixelRatio, SHARPEST);
  }

  measure(): void {
    const { clientWidth: width, clientHeight: height } = this.surface;
    if (width !== this.size.width || height !== this.size.height) {
      this.size = { width, height };
      if (width > 0 && height > 0) {
        this.options.resized(this.size);
      }
    }
  }

  readBack(scene: Scene): ImageData {
    return this.renderer.readBack(scene);
  }

  /** Draws in the next animation frame. */
  invalidate(): void {
    if (this.raf === 0) {
      this.raf = requestAnimationFrame(() => this.draw());
    }
  }

  destroy(): void {
    cancelAnimationFrame(this.raf);
    this.observer.disconnect();
    this.drawn.clear();
    this.renderer.destroy();
    this.surface.remove();
  }

  private draw(): void {
    this.raf = 0;
    if (this.size.width === 0 || this.size.height === 0) {
      return;
    }
    const { scene, matrix, marks, notice } = this.options.drawing();
    this.renderer.draw(scene ?? EMPTY, matrix, this.size, this.ratio);
    this.drawings += 1;
    if (marks) {
      this.overlay.update(marks);
      this.drawn.show(marks.manifest, scene === null ? 0 : marks.frame, matrix);
    } else {
      this.overlay.clear();
      this.drawn.clear();
    }
    this.notice.show(notice);
    this.options.drawn(matrix);
  }

  /** The graphics were taken away (a sleeping tablet does that): the processor goes on at once. */
  private lost(): void {
    const old = this.renderer.canvas;
    this.renderer = chooseRenderer("canvas", () => undefined);
    old.replaceWith(this.renderer.canvas);
    this.invalidate();
  }
}
