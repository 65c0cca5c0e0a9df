import type { ToolHandler } from "../viewport/controls";
import type { Touch } from "../viewport/gestures";
import type { Point } from "../viewport/view";
import type { Viewport } from "../viewport/viewport";
import type { AnnotationLayer } from "./annotations";
import type { Pointer } from "./presence";
import { type Annotation, type AnnotationKind, type Colour, MOST_POINTS, newId } from "./schema";
import { flat, pointsOf, reshaped, shifted, simplified } from "./shapes";

const SHORTEST_PX = 6;
const STEP_PX = 1.5;
const TOLERANCE_PX = 0.6;

/** What the drawing tools need of the stage. */
export interface DrawingBoard {
  readonly viewport: Viewport;
  readonly layer: AnnotationLayer;
  readonly me: { readonly participant_id: string; readonly name: string };
  colour(): Colour;
  now(): number;
  put(id: string, annotation: Annotation): void;
  /** A new drawing is in the document. */
  drawn(id: string, annotation: Annotation): void;
  point(pointer: Pointer | null): void;
}

function within(viewport: Viewport, at: Touch): Point {
  const { x, y } = viewport.toImage(at);
  const { width, height } = viewport.imageSize;
  return { x: Math.min(Math.max(0, x), width), y: Math.min(Math.max(0, y), height) };
}

/** Draws one kind of annotation with one finger. What is shorter than a slip of the finger is dropped. */
export class DrawTool implements ToolHandler {
  readonly name = "draw";
  private points: Point[] = [];
  private frame = 0;

  constructor(
    private readonly board: DrawingBoard,
    readonly kind: AnnotationKind,
  ) {}

  down(at: Touch): void {
    const { viewport } = this.board;
    if (viewport.playing) {
      viewport.pause(true); // what is drawn belongs to the frame that was seen when the finger came down
    }
    this.frame = viewport.wantedFrame;
    this.points = [within(viewport, at)];
  }

  move(at: Touch): void {
    const [first] = this.points;
    if (!first) {
      return;
    }
    const point = within(this.board.viewport, at);
    if (this.kind !== "line") {
      this.points = [first, point];
    } else if (this.pixelsFromLast(point) >= STEP_PX) {
      this.points.push(point);
      if (this.points.length > 2 * MOST_POINTS) {
        this.points = this.points.filter((_, i) => i % 2 === 0); // an endless scribble must not stall the tablet
      }
    }
    this.board.layer.showDraft(this.annotation(this.points));
  }

  up(at: Touch): void {
    this.move(at);
    const tolerance = TOLERANCE_PX / this.board.viewport.placement.zoom;
    const annotation = this.annotation(this.kind === "line" ? simplified(this.points, tolerance) : this.points);
    const long = this.pixelsAcross() >= SHORTEST_PX;
    this.cancel();
    if (annotation && long) {
      const id = newId();
      this.board.put(id, annotation);
      this.board.drawn(id, annotation);
    }
  }

  cancel(): void {
    this.points = [];
    this.board.layer.showDraft(null);
  }

  private pixelsFromLast(point: Point): number {
    const last = this.points[this.points.length - 1] ?? point;
    return Math.hypot(point.x - last.x, point.y - last.y) * this.board.viewport.placement.zoom;
  }

  private pixelsAcross(): number {
    const [xs, ys] = [this.points.map(({ x }) => x), this.points.map(({ y }) => y)];
    const across = Math.hypot(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    return across * this.board.viewport.placement.zoom;
  }

  private annotation(points: readonly Point[]): Annotation | null {
    const { viewport, me } = this.board;
    const instance = viewport.instance;
    if (!instance || points.length < 2) {
      return null;
    }
    return {
      kind: this.kind,
      instance: instance.id,
      sop: instance.sop_instance_uid,
      frame: this.frame,
      points: flat(points),
      text: "",
      colour: this.board.colour(),
      author: me.participant_id,
      author_name: me.name,
      created_at: Math.round(this.board.now()),
    };
  }
}

/** Drags one's own annotation, or one of its points: into the document once the finger is lifted. */
export class EditTool implements ToolHandler {
  readonly name = "edit";
  private start: Point | null = null;
  private edited: Annotation;

  /** `handle` is the index of the point that is dragged, -1 for the whole. */
  constructor(
    private readonly board: DrawingBoard,
    private readonly id: string,
    private readonly annotation: Annotation,
    private readonly handle: number,
  ) {
    this.edited = annotation;
  }

  down(at: Touch): void {
    this.start = this.board.viewport.toImage(at);
  }

  move(at: Touch): void {
    const now = this.board.viewport.toImage(at);
    if (!this.start) {
      return;
    }
    const [dx, dy] = [now.x - this.start.x, now.y - this.start.y];
    const grabbed = pointsOf(this.annotation)[this.handle];
    this.edited = grabbed
      ? reshaped(this.annotation, this.handle, { x: grabbed.x + dx, y: grabbed.y + dy })
      : shifted(this.annotation, dx, dy);
    this.board.layer.showDraft(this.edited);
  }

  up(at: Touch): void {
    this.move(at);
    this.cancel();
    if (this.edited !== this.annotation) {
      this.board.put(this.id, this.edited);
    }
  }

  cancel(): void {
    this.board.layer.showDraft(null);
  }
}

/** Shows others where one's finger is, and leaves nothing behind. A mouse does so by hovering. */
export class PointTool implements ToolHandler {
  readonly name = "point";

  constructor(private readonly board: DrawingBoard) {}

  down(at: Touch): void {
    this.move(at);
  }

  move(at: Touch): void {
    const { viewport } = this.board;
    this.board.point(pointerAt(viewport, at));
  }

  up(): void {
    // The last place stays for its two seconds.
  }

  cancel(): void {
    // As for `up`.
  }
}

/** Where on the image a touch is; null off the image or when nothing shows. */
export function pointerAt(viewport: Viewport, at: Touch): Pointer | null {
  const { x, y } = viewport.toImage(at);
  const { width, height } = viewport.imageSize;
  const instance = viewport.instance;
  if (!instance || x < 0 || y < 0 || x > width || y > height) {
    return null;
  }
  return { instance: instance.id, frame: viewport.wantedFrame, x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
}
