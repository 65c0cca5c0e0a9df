import type { ToolHandler } from "../viewport/controls";
import type { Touch } from "../viewport/gestures";
import { meaningOf, takesRuler } from "../viewport/manifest";
import type { Matrix } from "../viewport/view";
import { isHeld } from "../viewport/held_picture";
import type { Viewport } from "../viewport/viewport";
import { AnnotationLayer } from "./annotations";
import type { StageDocument } from "./document";
import { DrawTool, type DrawingBoard, EditTool, pointerAt, PointTool } from "./drawing";
import type { Me, StageOptions } from "./options";
import type { Pointer, Presence } from "./presence";
import { type Annotation, type Colour, keyOf } from "./schema";
import { SelectionBar } from "./selection_bar";
import { captionPlace } from "./shapes";
import { TextEntry } from "./text_entry";
import type { ToolName } from "./tools";

const STRAY_PX = 14; // nearer than a finger's 24: a new stroke may begin beside the last one

export interface DeskDeps {
  readonly viewport: Viewport;
  readonly document: StageDocument;
  readonly presence: Presence;
  readonly me: Me;
  readonly mayDraw: boolean;
  readonly serverNow: () => number;
  readonly unsent: () => ReadonlySet<string>;
  readonly toggleKeyImage: () => void;
  readonly calibrate: StageOptions["calibrate"];
  /** Tool, colour or selection changed. */
  readonly changed: () => void;
}

/** Drawing: the layer, what is selected, the tool in use. */
export class Desk implements DrawingBoard {
  readonly layer: AnnotationLayer;
  readonly bar: SelectionBar;
  readonly entry = new TextEntry();
  readonly viewport: Viewport;
  readonly me: Me;
  tool: ToolName = "move";
  private ink: Colour;
  private selected: string | null = null;
  private hovered: string | null = null;
  private matrix: Matrix = [1, 0, 0, 1, 0, 0];

  constructor(private readonly deps: DeskDeps) {
    this.viewport = deps.viewport;
    this.me = deps.me;
    this.ink = deps.me.role === "specialist" ? "#4cc9ff" : "#ffd400";
    this.layer = new AnnotationLayer(deps.me.participant_id, (id) => this.select(id));
    this.bar = new SelectionBar({
      paint: (colour) => this.paintSelected(colour),
      write: () => this.write(),
      report: () => deps.toggleKeyImage(),
      ruler: () => this.calibrate(),
      remove: () => this.removeSelected(),
    });
  }

  colour(): Colour {
    return this.ink;
  }

  now(): number {
    return this.deps.serverNow();
  }

  put(id: string, annotation: Annotation): void {
    this.deps.document.put(id, annotation);
  }

  drawn(id: string, annotation: Annotation): void {
    this.select(id);
    if (annotation.kind === "arrow") {
      this.write();
    }
  }

  point(pointer: Pointer | null): void {
    this.deps.presence.point(pointer);
  }

  choose(tool: ToolName): void {
    this.tool = tool;
    this.viewport.setTool(this.handlerOf(tool));
    if (tool !== "move") {
      this.select(null);
    }
    this.deps.changed();
  }

  paint(colour: Colour): void {
    this.ink = colour;
    this.deps.changed();
  }

  select(id: string | null): void {
    if (this.selected !== id) {
      this.selected = id;
      this.show();
      this.deps.changed();
    }
  }

  /** Something under the finger to be dragged, before the tool gets it. */
  grab(at: Touch): ToolHandler | null {
    const annotation = this.selectedOwn();
    if (!annotation || this.selected === null || !this.deps.mayDraw) {
      return null;
    }
    const moving = this.tool === "move";
    const handle = this.layer.handleAt(at, moving ? at.radius : Math.min(at.radius, STRAY_PX));
    if (handle >= 0) {
      return new EditTool(this, this.selected, annotation, handle);
    }
    const body = moving && this.layer.nearest(at, at.radius) === this.selected;
    return body ? new EditTool(this, this.selected, annotation, -1) : null;
  }

  tapped(at: Touch): boolean {
    const id = this.layer.nearest(at, at.radius);
    const used = id !== null || this.selected !== null;
    this.select(id);
    return used;
  }

  hover(at: Touch | null): void {
    const hovered = at && this.layer.nearest(at, at.radius);
    if (hovered !== this.hovered) {
      this.hovered = hovered;
      this.show();
    }
    this.deps.presence.point(at && pointerAt(this.viewport, at));
  }

  /** Puts the drawings of the frame on the screen into the layer. */
  show(): void {
    const instance = this.viewport.instance;
    const frame = this.viewport.frame || this.viewport.wantedFrame;
    const held = instance !== null && isHeld(instance);
    const onFrame = [...this.deps.document.annotations()].filter(
      ([, annotation]) => !held && annotation.instance === instance?.id && annotation.frame === frame,
    );
    const annotations = new Map(onFrame);
    if (this.selected !== null && !annotations.has(this.selected)) {
      this.selected = null;
    }
    this.layer.show({
      annotations,
      unsent: this.deps.unsent(),
      selected: this.selected,
      hovered: this.hovered,
      calibration: instance ? meaningOf(instance, frame).calibration : [],
    });
    this.showBar(annotations.get(this.selected ?? "") ?? null);
  }

  place(matrix: Matrix): void {
    this.matrix = matrix;
    this.layer.place(matrix, this.viewport.size);
  }

  /** Whether the frame on the screen is marked for the report. */
  get inReport(): boolean {
    const instance = this.viewport.instance?.id ?? "";
    return this.deps.document.hasKeyImage(keyOf(instance, this.viewport.wantedFrame));
  }

  removeSelected(): boolean {
    if (this.selected === null || !this.selectedOwn() || !this.deps.mayDraw) {
      return false;
    }
    const id = this.selected;
    this.select(null);
    this.deps.document.remove(id);
    return true;
  }

  private handlerOf(tool: ToolName): "move" | "window" | ToolHandler {
    if (tool === "move" || tool === "window") {
      return tool;
    }
    return tool === "point" ? new PointTool(this) : new DrawTool(this, tool);
  }

  private selectedAnnotation(): Annotation | undefined {
    return this.selected === null ? undefined : this.deps.document.annotations().get(this.selected);
  }

  private selectedOwn(): Annotation | undefined {
    const annotation = this.selectedAnnotation();
    return annotation?.author === this.me.participant_id ? annotation : undefined;
  }

  private paintSelected(colour: Colour): void {
    const annotation = this.selectedOwn();
    if (annotation && this.selected !== null) {
      this.paint(colour);
      this.put(this.selected, { ...annotation, colour });
    }
  }

  private write(): void {
    const annotation = this.selectedOwn();
    const id = this.selected;
    if (!annotation || id === null) {
      return;
    }
    this.entry.ask(annotation.text, captionPlace(annotation, this.matrix), this.viewport.size, (text) => {
      const now = this.deps.document.annotations().get(id);
      if (text !== null && now && now.text !== text) {
        this.put(id, { ...now, text });
      }
      this.show();
    });
    this.show();
  }

  /** The selected line lies over a ruler: its length is asked. */
  private calibrate(): void {
    const { instance } = this.viewport;
    const line = this.selectedAnnotation();
    if (instance && line) {
      this.deps.calibrate?.(instance, line.points);
    }
  }

  private showBar(annotation: Annotation | null): void {
    const shown = this.deps.mayDraw && !this.entry.open ? annotation : null;
    const place = annotation ? captionPlace(annotation, this.matrix).y : 0;
    const atTop = place > this.viewport.size.height * 0.55;
    const own = annotation?.author === this.me.participant_id;
    const { instance } = this.viewport;
    const ruler = this.deps.calibrate !== undefined && annotation?.kind === "length" && instance !== null && takesRuler(instance);
    this.bar.show(shown, { own, inReport: this.inReport, atTop, ruler });
  }
}
