import { t } from "../ui/text";
import { FramePixels } from "./frame_pixels";
import { type FrameSource, openFrames } from "./frames";
import { type ClipRendition, type InstanceManifest, meaningOf, type VoiWindow } from "./manifest";
import type { Need, Picture, PictureDeps, Quality } from "./picture";
import type { Scene } from "./renderer";
import { StillPicture } from "./still_picture";
import type { Rect } from "./view";
import { defaultWindow, renderedLut, sameWindow, storedLut, type Tone } from "./voi_window";

const AHEAD = 10;
/** A frame that has stood for so long was paused on: its lossless pixels may be worth their bytes. */
const PAUSED_MS = 700;

/** Which of a clip's passes: the sender's tablet's, the server's small first one, the whole. */
type Pass = "tablet" | "small" | "full";

interface Choice {
  readonly rendition: ClipRendition;
  readonly pass: Pass;
}

/** An ultrasound clip: its first frame's preview until the wanted frame is decoded. */
export class ClipPicture implements Picture {
  failure: string | null = null;
  private readonly poster: StillPicture;
  private source: (Choice & { readonly frames: FrameSource }) | null = null;
  private opening = "";
  private bitmap: ImageBitmap | null = null;
  private shown = 0;
  private wanted = 1;
  private busy = false;
  private closed = false;
  private table: { key: string; lut: Uint8Array | null; tiles: Uint8Array | null } | null = null;
  private readonly pixels: FramePixels;
  private wish: Need | null = null;
  /** The frame (from 1) whose lossless pixels were asked for by hand; 0 for none. */
  private asked = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private current: InstanceManifest,
    private readonly deps: PictureDeps,
  ) {
    this.poster = new StillPicture(current, deps);
    this.pixels = new FramePixels({ decoder: deps.decoder, changed: () => deps.changed() });
    this.update(current);
  }

  get manifest(): InstanceManifest {
    return this.current;
  }

  /** The poster is of frame 1. */
  get shownFrame(): number {
    return this.bitmap ? this.shown : this.wanted === 1 ? this.poster.shownFrame : 0;
  }

  get received(): number {
    return this.source?.frames.received ?? 0;
  }

  update(manifest: InstanceManifest): void {
    this.current = manifest;
    this.table = null;
    this.failure = null; // a tablet's clip goes when the original's own is here
    this.poster.update(manifest);
    this.sharpen();
    void this.open();
  }

  wantFrame(frame: number): void {
    if (frame !== this.wanted) {
      this.pixels.rest();
      this.asked = 0;
      this.waitForPause();
    }
    this.wanted = frame;
    void this.fetch();
  }

  need(need: Need): void {
    this.wish = need;
    this.waitForPause();
  }

  askForLossless(): void {
    this.asked = this.wanted;
  }

  private waitForPause(): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.sharpen(), this.asked === this.wanted ? 0 : PAUSED_MS);
  }

  /** Fetches the lossless pixels of the frame that stands, where they make a difference: as for a still picture. */
  private sharpen(): void {
    const need = this.wish;
    if (!need || this.closed || !this.losslessCanBe()) {
      return;
    }
    const toned = !sameWindow(need.tone.window, defaultWindow(this.current));
    if (this.asked === this.wanted || ((toned || need.zoomedIn) && !need.thrifty)) {
      this.pixels.want(this.current, this.wanted, need.visible);
      this.deps.changed();
    }
  }

  private losslessCanBe(): boolean {
    return this.current.state === "ready" && this.shown === this.wanted && this.source?.pass !== "tablet";
  }

  retry(): void {
    this.failure = null;
    this.poster.retry();
    void this.open();
    void this.fetch();
  }

  scene(tone: Tone): Scene {
    const set = this.current.per_frame?.of[this.wanted - 1] ?? 0;
    const store = this.bitmap ? this.pixels.of(this.shown) : null;
    const key = `${tone.window.center}/${tone.window.width}/${String(tone.invert)}/${set}/${store?.tiles.id ?? ""}`;
    if (this.table?.key !== key) {
      const codes = store && { size: store.codeCount, offset: store.tiles.index.offset, values: store.values };
      const [own, shown] = this.toned(tone);
      const tiles = codes && storedLut(this.current, codes, shown);
      this.table = { key, lut: renderedLut(this.current, shown, own), tiles };
    }
    const base = this.bitmap ?? (this.wanted === 1 ? this.poster.scene(tone).base : null);
    const { columns, rows } = this.current;
    return { columns, rows, base, baseLut: this.table.lut, tiles: store, lut: this.table.tiles };
  }

  /**
   * The wanted frame's own window, and the tone it is shown in: frames may have windows of their own, in which they
   * were drawn and which are kept until a person chooses one for all.
   */
  private toned(tone: Tone): readonly [VoiWindow, Tone] {
    const own = meaningOf(this.current, this.wanted).window ?? defaultWindow(this.current);
    const untouched = sameWindow(tone.window, defaultWindow(this.current));
    return [own, untouched ? { ...tone, window: own } : tone];
  }

  quality(visible: Rect, tone: Tone): Quality {
    const approximate = !sameWindow(tone.window, defaultWindow(this.current));
    if (!this.bitmap) {
      return { ...this.poster.quality(visible, tone), offered: false, approximate };
    }
    const pass = this.source?.pass;
    const lossless = this.pixels.share(this.shown, visible);
    return {
      level: lossless === 1 ? "lossless" : pass === "tablet" ? "tablet" : "clip",
      lossless,
      fetching: this.received < 1 || this.pixels.fetching(this.shown),
      approximate: approximate && lossless < 1,
      small: pass === "small",
      offered: this.losslessCanBe() && lossless < 1,
    };
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.pause);
    this.pixels.drop();
    this.source?.frames.close();
    this.poster.close();
  }

  /** The full clip, unless only a smaller pass is there, or the small one comes first on a thin link. */
  private choice(): Choice | null {
    const { clip, clip_small: small, tablet_clip: tablet } = this.current.renditions;
    const nothingYet = this.source === null || this.source.pass === "tablet";
    if (clip && !(small && nothingYet && this.deps.slowLink())) {
      return { rendition: clip, pass: "full" };
    }
    if (small) {
      return { rendition: small, pass: "small" };
    }
    return tablet ? { rendition: tablet, pass: "tablet" } : null;
  }

  private async open(): Promise<void> {
    const choice = this.choice();
    if (!choice || this.closed || choice.rendition.id === this.source?.rendition.id) {
      return;
    }
    const { rendition } = choice;
    if (this.opening === rendition.id) {
      return;
    }
    this.opening = rendition.id;
    try {
      const mp4 = this.current.renditions.clip_mp4;
      const frames = await openFrames({ clip: rendition, mp4 }, () => this.arrived(), this.deps.withVideo);
      await this.replace(frames, choice);
    } catch {
      if (choice.pass !== "tablet") {
        this.failed(); // of a tablet's clip the first frame shows, and the original's comes
      }
    } finally {
      this.opening = "";
    }
  }

  /** Takes a new source into use with the present frame ready, so that nothing blinks. */
  private async replace(frames: FrameSource, choice: Choice): Promise<void> {
    const old = this.source;
    const frame = Math.min(this.wanted, this.current.frames);
    const bitmap = old ? await frames.frame(frame - 1) : null;
    if (this.closed) {
      frames.close();
      return;
    }
    this.source = { ...choice, frames };
    if (bitmap) {
      frames.pin(frame - 1);
      this.bitmap = bitmap;
      this.shown = frame;
    }
    old?.frames.close();
    this.deps.changed();
    void this.fetch();
  }

  private arrived(): void {
    this.deps.changed();
    void this.fetch();
    if (this.source && this.source.pass !== "full" && this.received === 1) {
      void this.open(); // the small pass is here: now the full clip
    }
  }

  private async fetch(): Promise<void> {
    if (this.busy) {
      return;
    }
    this.busy = true;
    try {
      while (this.source?.frames.ready(this.wanted - 1) === true && !this.closed && this.shown !== this.wanted) {
        await this.show(this.source.frames, this.wanted);
      }
    } catch {
      this.failed();
    } finally {
      this.busy = false;
    }
    this.lookAhead();
  }

  private async show(frames: FrameSource, frame: number): Promise<void> {
    const bitmap = frames.cached(frame - 1) ?? (await frames.frame(frame - 1));
    if (frames !== this.source?.frames) {
      return;
    }
    frames.pin(frame - 1);
    this.bitmap = bitmap;
    this.shown = frame;
    this.deps.changed();
  }

  /** Decodes what playing will need next while the present group is on the screen. */
  private lookAhead(): void {
    const frames = this.source?.frames;
    const next = (this.wanted - 1 + AHEAD) % this.current.frames;
    if (frames?.ready(next) === true && !this.closed && !frames.cached(next)) {
      frames.frame(next).catch(() => undefined);
    }
  }

  private failed(): void {
    if (!this.closed) {
      this.failure = t("The clip could not be fetched.");
      this.deps.changed();
    }
  }
}
