import { isHeld } from "./held_picture";
import { Controls, type DragTool } from "./controls";
import type { Change, ViewportOptions } from "./hooks";
import type { InstanceManifest, VoiWindow } from "./manifest";
import { Display, type Drawing } from "./display";
import { noticeOf } from "./notice";
import { openPicture } from "./open_picture";
import type { Overlay, OverlayState } from "./overlay";
import type { Picture, PictureDeps, Quality } from "./picture";
import { Playback, type Playing } from "./playing";
import type { Renderer, Scene } from "./renderer";
import { TileDecoder } from "./tile_decoder";
import {
  confined,
  fit,
  fitZoom,
  type Matrix,
  matrixOf,
  type Placement,
  type Point,
  type Rect,
  regauged,
  type Size,
  toImage,
  toScreen,
  visibleRect,
} from "./view";
import { defaultWindow, sameWindow, type Tone } from "./voi_window";

const DEFAULT_FRAME_MS = 40;
const ZOOMED_IN = 1.15;

/** One picture on black, with its marks, handled by fingers, mouse and keys. Knows nothing of other people. */
export class Viewport {
  /** Leave megabytes alone that nobody asked for by hand. */
  thrifty = false;
  /** Who else sees the same picture in another quality. */
  othersSee = "";
  readonly controls: Controls;
  private readonly decoder = new TileDecoder();
  private readonly display: Display;
  private picture: Picture | null = null;
  private place: Placement = { center: { x: 0, y: 0 }, zoom: 1, rotation: 0, flip: false };
  private tone: Tone = { window: { center: 128, width: 256 }, invert: false };
  private fitted = true;
  private reported = { frame: 0, quality: "" };
  private readonly playback: Playback;
  private slow: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: HTMLElement,
    private readonly options: ViewportOptions,
  ) {
    this.playback = new Playback(options.now);
    this.display = new Display(root, {
      renderer: options.renderer ?? "auto",
      drawing: () => this.drawing(),
      drawn: (matrix) => this.drawn(matrix),
      resized: () => this.resized(),
      askForLossless: () => this.askForLossless(),
      retry: () => this.retry(),
    });
    this.controls = new Controls(this, options.hooks);
    this.display.measure();
  }

  /** The element that takes fingers and keys: what else is to lie over the picture goes in here. */
  get surface(): HTMLElement {
    return this.display.surface;
  }

  get overlay(): Overlay {
    return this.display.overlay;
  }

  get instance(): InstanceManifest | null {
    return this.picture?.manifest ?? null;
  }

  /** The frame on the screen (from 1); 0 while nothing of the picture shows. */
  get frame(): number {
    return this.picture?.shownFrame ?? 0;
  }

  get wantedFrame(): number {
    return this.playback.frame;
  }

  get placement(): Placement {
    return this.place;
  }

  get window(): VoiWindow {
    return this.tone.window;
  }

  get inverted(): boolean {
    return this.tone.invert;
  }

  /** Whether the whole image is shown and stays so when the viewport changes its size. */
  get isFitted(): boolean {
    return this.fitted;
  }

  get playing(): Playing | null {
    return this.playback.running;
  }

  /** Whether a clip begins again at its end. */
  get loop(): boolean {
    return this.playback.loop;
  }

  set loop(loop: boolean) {
    this.playback.loop = loop;
  }

  get size(): Size {
    return this.display.size;
  }

  get rendererKind(): Renderer["kind"] {
    return this.display.kind;
  }

  get noticeText(): string {
    return this.display.notice.text;
  }

  /** How often it was drawn. */
  get drawCount(): number {
    return this.display.drawings;
  }

  get imageSize(): Size {
    const manifest = this.picture?.manifest;
    return { width: Math.max(1, manifest?.columns ?? 1), height: Math.max(1, manifest?.rows ?? 1) };
  }

  /** Shows an instance, fitted and with its own window; does nothing but go to the frame if it is there already. */
  show(manifest: InstanceManifest, frame = 1): void {
    if (this.picture?.manifest.id === manifest.id) {
      this.update(manifest);
      this.seek(frame);
      return;
    }
    this.picture?.close();
    const deps: PictureDeps = {
      decoder: this.decoder,
      changed: () => this.pictureChanged(),
      slowLink: () => this.options.slowLink?.() ?? false,
      ...(this.options.withVideo === undefined ? {} : { withVideo: this.options.withVideo }),
    };
    this.playback.open(manifest.frames, manifest.frame_time_ms ?? DEFAULT_FRAME_MS, frame);
    this.tone = { window: defaultWindow(manifest), invert: false };
    this.picture = openPicture(manifest, deps);
    this.picture.wantFrame(this.wantedFrame);
    this.fitted = true;
    this.place = fit(this.imageSize, this.size);
    this.moved("picture", false);
  }

  /** News of the instance on show: more renditions, progress. */
  update(manifest: InstanceManifest): void {
    if (this.picture?.manifest.id !== manifest.id) {
      return;
    }
    if (isHeld(this.picture.manifest) !== isHeld(manifest)) {
      this.picture.close();
      this.picture = null; // not a pixel of what was fetched before stays
      this.show(manifest, this.wantedFrame);
      return;
    }
    const before = this.imageSize;
    const window = sameWindow(this.tone.window, defaultWindow(this.picture.manifest));
    this.picture.update(manifest);
    if (window) {
      this.tone = { ...this.tone, window: defaultWindow(manifest) };
    }
    this.playback.learn(manifest.frames, manifest.frame_time_ms ?? DEFAULT_FRAME_MS);
    this.place = regauged(this.place, before, this.imageSize, this.size, this.fitted);
    this.moved("quality", false);
  }

  clear(): void {
    this.picture?.close();
    this.picture = null;
    this.playback.running = null;
    this.moved("picture", false);
  }

  setPlacement(placement: Placement, byPerson: boolean): void {
    this.fitted = false;
    this.place = confined(placement, this.imageSize, this.size);
    this.moved("view", byPerson);
  }

  fit(byPerson: boolean): void {
    this.fitted = true;
    this.place = fit(this.imageSize, this.size, this.place);
    this.moved("view", byPerson);
  }

  /** As it opened: whole, unturned, in its own window. */
  reset(byPerson: boolean): void {
    const manifest = this.picture?.manifest;
    this.place = fit(this.imageSize, this.size);
    this.fitted = true;
    if (manifest) {
      this.tone = { window: defaultWindow(manifest), invert: false };
    }
    this.moved("view", byPerson);
  }

  setTone(window: VoiWindow, invert: boolean, byPerson: boolean): void {
    this.tone = { window, invert };
    this.moved("view", byPerson);
  }

  setTool(tool: DragTool): void {
    this.controls.tool = tool;
    this.surface.dataset.tool = typeof tool === "string" ? tool : tool.name;
  }

  /** Ends what a finger is doing: the picture changes under it. */
  cancelGesture(): void {
    this.controls.cancel();
  }

  seek(frame: number, byPerson = false): void {
    this.playback.seek(frame);
    this.frameMoved(byPerson);
  }

  step(by: number, byPerson: boolean): void {
    this.playback.step(by);
    this.frameMoved(byPerson);
  }

  play(rate: number, byPerson: boolean): void {
    this.playback.play(rate);
    this.frameMoved(byPerson);
  }

  pause(byPerson: boolean): void {
    this.seek(this.wantedFrame, byPerson);
  }

  /** Runs as somebody else's clip runs. */
  follow(playing: Playing): void {
    this.playback.running = playing;
    this.frameMoved(false);
  }

  askForLossless(): void {
    this.picture?.askForLossless();
    this.moved("quality", false);
  }

  retry(): void {
    this.playback.since = performance.now();
    this.picture?.retry();
    this.moved("quality", false);
  }

  visible(): Rect {
    return visibleRect(this.place, this.size, this.imageSize);
  }

  toImage(point: Point): Point {
    return toImage(this.place, this.size, point);
  }

  toScreen(point: Point): Point {
    return toScreen(this.place, this.size, point);
  }

  quality(): Quality {
    return (
      this.picture?.quality(this.visible(), this.tone) ??
      { level: "none", lossless: 0, fetching: false, approximate: false, small: false, offered: false }
    );
  }

  /** The shown frame's pixels as displayed, one per image px, unturned; null while nothing shows. */
  readBack(): ImageData | null {
    const scene = this.scene();
    return scene && this.frame > 0 ? this.display.readBack(scene) : null;
  }

  /** What is being drawn: for a test that looks at stored pixels. */
  scene(): Scene | null {
    return this.picture?.scene(this.tone) ?? null;
  }

  destroy(): void {
    clearTimeout(this.slow);
    this.controls.destroy();
    this.picture?.close();
    this.decoder.close();
    this.display.destroy();
  }

  /** Draws in the next animation frame. */
  invalidate(): void {
    this.display.invalidate();
  }

  private moved(change: Change, byPerson: boolean): void {
    this.tellNeeds();
    this.invalidate();
    this.options.hooks.changed(change, byPerson);
  }

  private tellNeeds(): void {
    const zoomedIn = this.place.zoom > fitZoom(this.imageSize, this.size, this.place.rotation) * ZOOMED_IN;
    this.picture?.need({
      scale: this.place.zoom * this.display.ratio,
      visible: this.visible(),
      tone: this.tone,
      zoomedIn,
      thrifty: this.thrifty,
    });
  }

  private frameMoved(byPerson: boolean): void {
    this.picture?.wantFrame(this.wantedFrame);
    this.moved("frame", byPerson);
  }

  private drawing(): Drawing {
    this.advance();
    const waited = performance.now() - this.playback.since;
    return {
      scene: this.scene(),
      matrix: matrixOf(this.place, this.size),
      marks: this.marks(),
      notice: this.picture && noticeOf(this.picture, this.wantedFrame, waited),
    };
  }

  private drawn(matrix: Matrix): void {
    const quality = this.quality();
    if (this.picture && this.frame !== this.wantedFrame) {
      clearTimeout(this.slow);
      this.slow = setTimeout(() => this.invalidate(), 500); // the notice comes when nothing else does
    }
    this.reportChanges(`${quality.level}${quality.lossless}`);
    this.options.hooks.drawn(matrix);
    if (this.playing) {
      this.invalidate();
    }
  }

  private marks(): OverlayState | null {
    const manifest = this.picture?.manifest;
    if (!manifest || manifest.columns === 0 || manifest.state === "unusable" || isHeld(manifest)) {
      return null;
    }
    const { window, invert } = this.tone;
    const frame = this.frame || this.wantedFrame;
    const quality = this.quality();
    return { manifest, placement: this.place, window, invert, quality, frame, others: this.othersSee };
  }

  private reportChanges(quality: string): void {
    const frame = this.frame;
    const before = this.reported;
    this.reported = { frame, quality };
    if (frame !== before.frame) {
      this.options.hooks.changed("frame", false);
    }
    if (quality !== before.quality) {
      this.options.hooks.changed("quality", false);
    }
  }

  private advance(): void {
    if (this.playback.running) {
      const ended = this.playback.advance();
      this.picture?.wantFrame(this.wantedFrame);
      if (ended) {
        this.options.hooks.changed("frame", true);
      }
    }
  }

  private pictureChanged(): void {
    this.invalidate();
  }

  private resized(): void {
    this.place = this.fitted
      ? fit(this.imageSize, this.size, this.place)
      : confined(this.place, this.imageSize, this.size);
    this.moved("size", false);
  }
}
