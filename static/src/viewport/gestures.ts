import type { Point } from "./view";

/** How near counts as touching, in CSS px. */
export const TOUCH_RADIUS = 24;
export const MOUSE_RADIUS = 10;
const TAP_PX = 8;
const TAP_MS = 350;
const DOUBLE_MS = 320;
const DOUBLE_PX = 32;

/** A pointer on the viewport, in CSS px from its top left. */
export interface Touch extends Point {
  readonly kind: "mouse" | "touch" | "pen";
  readonly radius: number;
}

/** What the viewport does when it is handled. */
export interface GestureTarget {
  /** The active tool takes the first finger or the left button. */
  down(at: Touch): void;
  move(at: Touch): void;
  up(at: Touch): void;
  /** A second finger came: nothing of what the first began may stay. */
  cancel(): void;
  hover(at: Touch | null): void;
  tap(at: Touch): void;
  doubleTap(at: Touch): void;
  /** Two fingers: the image point that was under `from` is now under `to`, larger by `factor`. */
  pinch(from: Point, to: Point, factor: number): void;
  zoom(factor: number, at: Point): void;
  window(dx: number, dy: number): void;
  pan(dx: number, dy: number): void;
  /** A gesture that moves the view has ended. */
  settled(): void;
}

type Mode = "none" | "tool" | "pinch" | "window" | "pan";

interface Finger {
  readonly x: number;
  readonly y: number;
}

/** Pointer and wheel events on one element -> gestures. Two fingers always move the image, whatever the tool. */
export class Gestures {
  private readonly fingers = new Map<number, Finger>();
  private mode: Mode = "none";
  private start = { x: 0, y: 0, at: 0, moved: false };
  private lastTap = { x: 0, y: 0, at: -Infinity };
  private last: Point = { x: 0, y: 0 };
  private readonly controller = new AbortController();

  constructor(
    private readonly element: HTMLElement,
    private readonly target: GestureTarget,
  ) {
    const options = { signal: this.controller.signal };
    element.addEventListener("pointerdown", (event) => this.pressed(event), options);
    element.addEventListener("pointermove", (event) => this.moved(event), options);
    element.addEventListener("pointerup", (event) => this.lifted(event), options);
    element.addEventListener("pointercancel", (event) => this.lost(event), options);
    element.addEventListener("pointerleave", (event) => this.left(event), options);
    element.addEventListener("wheel", (event) => this.wheeled(event), { ...options, passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault(), options);
  }

  destroy(): void {
    this.controller.abort();
  }

  private touch(event: PointerEvent): Touch {
    const box = this.element.getBoundingClientRect();
    const kind = event.pointerType === "touch" ? "touch" : event.pointerType === "pen" ? "pen" : "mouse";
    const radius = kind === "mouse" ? MOUSE_RADIUS : TOUCH_RADIUS;
    return { x: event.clientX - box.left, y: event.clientY - box.top, kind, radius };
  }

  private pressed(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest("button, input, a, [data-own-pointer]")) {
      return;
    }
    const at = this.touch(event);
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) {
      if (this.mode === "tool") {
        this.target.cancel();
      }
      this.mode = "pinch";
    } else if (this.fingers.size === 1) {
      this.begin(event, at);
    }
  }

  private begin(event: PointerEvent, at: Touch): void {
    this.start = { x: at.x, y: at.y, at: event.timeStamp, moved: false };
    this.last = at;
    this.mode = event.button === 2 ? "window" : event.button === 1 ? "pan" : "tool";
    if (this.mode === "tool") {
      this.target.down(at);
    }
  }

  private moved(event: PointerEvent): void {
    const at = this.touch(event);
    const before = this.fingers.get(event.pointerId);
    if (!before) {
      if (at.kind !== "touch") {
        this.target.hover(at);
      }
      return;
    }
    if (this.mode === "pinch") {
      this.pinched(event.pointerId, before, at);
      return;
    }
    this.fingers.set(event.pointerId, at);
    this.start.moved ||= Math.hypot(at.x - this.start.x, at.y - this.start.y) > TAP_PX;
    const [dx, dy] = [at.x - this.last.x, at.y - this.last.y];
    this.last = at;
    if (this.mode === "tool") {
      this.target.move(at);
    } else if (this.mode === "window") {
      this.target.window(dx, dy);
    } else if (this.mode === "pan") {
      this.target.pan(dx, dy);
    }
  }

  private pinched(id: number, before: Finger, at: Touch): void {
    const other = [...this.fingers].find(([key]) => key !== id)?.[1];
    this.fingers.set(id, at);
    if (!other || this.fingers.size > 2) {
      return;
    }
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    const now = Math.hypot(at.x - other.x, at.y - other.y);
    const factor = apart > 4 && now > 4 ? now / apart : 1;
    this.target.pinch(middle(before, other), middle(at, other), factor);
  }

  private lifted(event: PointerEvent): void {
    if (!this.fingers.delete(event.pointerId)) {
      return;
    }
    const at = this.touch(event);
    if (this.mode === "tool") {
      this.mode = "none";
      this.finish(event, at);
    } else if (this.fingers.size === 0) {
      this.mode = "none";
      this.target.settled();
    }
  }

  private finish(event: PointerEvent, at: Touch): void {
    const quick = event.timeStamp - this.start.at < TAP_MS && !this.start.moved;
    if (!quick) {
      this.target.up(at);
      return;
    }
    this.target.cancel();
    const near = Math.hypot(at.x - this.lastTap.x, at.y - this.lastTap.y) < DOUBLE_PX;
    if (near && event.timeStamp - this.lastTap.at < DOUBLE_MS) {
      this.lastTap = { ...at, at: -Infinity };
      this.target.doubleTap(at);
    } else {
      this.lastTap = { x: at.x, y: at.y, at: event.timeStamp };
      this.target.tap(at);
    }
  }

  private lost(event: PointerEvent): void {
    if (this.fingers.delete(event.pointerId) && this.mode === "tool") {
      this.target.cancel();
    }
    if (this.fingers.size === 0) {
      this.mode = "none";
    }
  }

  private left(event: PointerEvent): void {
    if (!this.fingers.has(event.pointerId)) {
      this.target.hover(null);
    }
  }

  private wheeled(event: WheelEvent): void {
    event.preventDefault();
    const box = this.element.getBoundingClientRect();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0016; // a pinch on a touchpad comes as a wheel with ctrl
    const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * speed);
    this.target.zoom(factor, { x: event.clientX - box.left, y: event.clientY - box.top });
    this.target.settled();
  }
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
