import { Gestures, type GestureTarget, type Touch } from "./gestures";
import { anchored, flipped, pan, type Point, rotated, zoomAt } from "./view";
import type { ViewportHooks } from "./hooks";
import type { Viewport } from "./viewport";
import { dragged } from "./voi_window";

/** A tool that takes the drag of one finger. */
export interface ToolHandler {
  readonly name: string;
  down(at: Touch): void;
  move(at: Touch): void;
  up(at: Touch): void;
  cancel(): void;
}

/** What one finger does: move the image, change the window, or something of the stage's. */
export type DragTool = "move" | "window" | ToolHandler;

const KEY_ZOOM = 1.25;
const KEY_PAN = 48;
const CORNER_PX = 96;

/** Gestures and keys -> the viewport's actions, each asked of `mayMove` first. */
export class Controls implements GestureTarget {
  tool: DragTool = "move";
  private readonly gestures: Gestures;
  private held: ToolHandler | null = null;
  private last: Point = { x: 0, y: 0 };
  private refused = false;
  private readonly keydown = (event: KeyboardEvent): void => this.pressed(event);

  constructor(
    private readonly viewport: Viewport,
    private readonly hooks: ViewportHooks,
  ) {
    this.gestures = new Gestures(viewport.surface, this);
    viewport.surface.addEventListener("keydown", this.keydown);
  }

  destroy(): void {
    this.gestures.destroy();
    this.viewport.surface.removeEventListener("keydown", this.keydown);
  }

  down(at: Touch): void {
    this.last = at;
    this.refused = false;
    this.held = this.viewport.instance ? this.hooks.grab(at) : null;
    if (!this.held && typeof this.tool !== "string" && this.viewport.instance) {
      this.held = this.tool;
    }
    this.held?.down(at);
  }

  move(at: Touch): void {
    const [dx, dy] = [at.x - this.last.x, at.y - this.last.y];
    this.last = at;
    if (this.held) {
      this.held.move(at);
    } else if (this.tool === "window") {
      this.window(dx, dy);
    } else if (this.tool === "move") {
      this.pan(dx, dy);
    }
  }

  up(at: Touch): void {
    this.held?.up(at);
    this.held = null;
    this.settled();
  }

  cancel(): void {
    this.held?.cancel();
    this.held = null;
  }

  hover(at: Touch | null): void {
    this.hooks.hover(at);
  }

  tap(at: Touch): void {
    this.hooks.tapped(at);
  }

  /** In a corner: the marks come and go. Elsewhere: between the whole image and its true pixels. */
  doubleTap(at: Touch): void {
    const { width, height } = this.viewport.size;
    const corner = (at.x < CORNER_PX || at.x > width - CORNER_PX) && (at.y < CORNER_PX || at.y > height - CORNER_PX);
    if (corner) {
      this.viewport.overlay.hidden = !this.viewport.overlay.hidden;
    } else if (!this.hooks.tapped(at)) {
      this.zoomBetween(at);
    }
  }

  pinch(from: Point, to: Point, factor: number): void {
    if (this.allowed()) {
      const { placement, size } = this.viewport;
      const point = this.viewport.toImage(from);
      this.viewport.setPlacement(anchored({ ...placement, zoom: placement.zoom * factor }, size, point, to), true);
    }
  }

  zoom(factor: number, at: Point): void {
    if (this.allowed()) {
      this.viewport.setPlacement(zoomAt(this.viewport.placement, this.viewport.size, factor, at), true);
    }
  }

  window(dx: number, dy: number): void {
    const { instance, inverted } = this.viewport;
    if (instance && this.allowed()) {
      const { min, max } = instance.pixel_range;
      const range = instance.photometric === "RGB" ? 256 : max - min;
      this.viewport.setTone(dragged(this.viewport.window, dx, dy, range), inverted, true);
    }
  }

  pan(dx: number, dy: number): void {
    if (this.allowed()) {
      this.viewport.setPlacement(pan(this.viewport.placement, dx, dy), true);
    }
  }

  settled(): void {
    this.refused = false;
  }

  rotate(): void {
    this.turn(rotated(this.viewport.placement));
  }

  flip(): void {
    this.turn(flipped(this.viewport.placement));
  }

  invert(): void {
    if (this.allowed()) {
      this.viewport.setTone(this.viewport.window, !this.viewport.inverted, true);
    }
  }

  private turn(placement: Viewport["placement"]): void {
    if (this.allowed()) {
      const whole = this.viewport.isFitted;
      this.viewport.setPlacement(placement, true);
      if (whole) {
        this.viewport.fit(true);
      }
    }
  }

  private zoomBetween(at: Touch): void {
    if (this.allowed()) {
      if (this.viewport.isFitted) {
        const { placement, size } = this.viewport;
        const factor = Math.max(2, 1 / placement.zoom);
        this.viewport.setPlacement(zoomAt(placement, size, factor, at), true);
      } else {
        this.viewport.fit(true);
      }
    }
  }

  /** Asks once a gesture: an offer to look on one's own must not be made sixty times a second. */
  private allowed(): boolean {
    if (!this.viewport.instance || this.refused) {
      return false;
    }
    this.refused = !this.hooks.mayMove();
    return !this.refused;
  }

  private pressed(event: KeyboardEvent): void {
    this.refused = false;
    if (this.viewport.instance && this.act(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (this.hooks.key(event)) {
      event.preventDefault();
    }
  }

  private act(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const { width, height } = this.viewport.size;
    const middle = { x: width / 2, y: height / 2 };
    const clip = (this.viewport.instance?.frames ?? 1) > 1;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (clip ? this.stepFrame(-1) : this.pan(KEY_PAN, 0)),
      ArrowRight: () => (clip ? this.stepFrame(1) : this.pan(-KEY_PAN, 0)),
      ArrowUp: () => this.pan(0, KEY_PAN),
      ArrowDown: () => this.pan(0, -KEY_PAN),
      "+": () => this.zoom(KEY_ZOOM, middle),
      "=": () => this.zoom(KEY_ZOOM, middle),
      "-": () => this.zoom(1 / KEY_ZOOM, middle),
      "0": () => this.reset(),
      i: () => this.invert(),
      r: () => this.rotate(),
      f: () => this.flip(),
      h: () => (this.viewport.overlay.hidden = !this.viewport.overlay.hidden),
      o: () => this.viewport.overlay.drawings.toggle(),
    };
    if (clip) {
      actions[" "] = () => this.togglePlay();
    }
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    action?.();
    return action !== undefined;
  }

  reset(): void {
    if (this.allowed()) {
      this.viewport.reset(true);
    }
  }

  stepFrame(by: number): void {
    if (this.allowed()) {
      this.viewport.step(by, true);
    }
  }

  togglePlay(): void {
    if (!this.allowed()) {
      return;
    }
    if (this.viewport.playing) {
      this.viewport.pause(true);
    } else {
      this.viewport.play(1, true);
    }
  }
}
