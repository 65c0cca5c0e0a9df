import { t } from "../ui/text";
import type { CalibrationRegion } from "../viewport/manifest";
import type { Matrix, Point, Size } from "../viewport/view";
import type { Annotation, AnnotationKind } from "./schema";
import { captionOf, captionPlace, distanceTo, handlesOf, pathOf } from "./shapes";

const SVG = "http://www.w3.org/2000/svg";
const HANDLE_PX = 8;
const LINE_PX = 20;
const MARGIN_PX = 8;

/** What the layer is to show: the annotations of the frame on the screen. */
export interface LayerState {
  readonly annotations: ReadonlyMap<string, Annotation>;
  /** Those whose last change has not reached the server: dashed. */
  readonly unsent: ReadonlySet<string>;
  readonly selected: string | null;
  readonly hovered: string | null;
  readonly calibration: readonly CalibrationRegion[];
}

const KIND_WORDS: Readonly<Record<AnnotationKind, () => string>> = {
  arrow: () => t("Arrow"),
  line: () => t("Line"),
  ellipse: () => t("Ellipse"),
  length: () => t("Length"),
};

function svg<Name extends keyof SVGElementTagNameMap>(name: Name, className: string): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  return made;
}

/** "Arrow, effusion, by Dr Rao, not sent yet". */
export function nameOf(annotation: Annotation, caption: string, unsent: boolean): string {
  const parts = [KIND_WORDS[annotation.kind](), caption, t("by %(name)s", { name: annotation.author_name })];
  return [...parts, unsent ? t("not sent yet") : ""].filter((part) => part !== "").join(", ");
}

class Drawn {
  readonly root = svg("g", "drawn");
  private readonly halo = svg("path", "drawn-halo");
  private readonly ink = svg("path", "drawn-ink");
  private readonly caption = svg("text", "drawn-text");
  private readonly author = svg("text", "drawn-author");
  private readonly handles: SVGCircleElement[] = [];
  private width = 0; // of the longer of caption and author, in CSS px

  constructor(id: string) {
    this.root.dataset.annotation = id;
    this.root.setAttribute("role", "button");
    this.root.setAttribute("tabindex", "0");
    this.root.append(this.halo, this.ink, this.caption, this.author);
  }

  /** Everything but where it is. */
  describe(annotation: Annotation, id: string, state: LayerState): void {
    const unsent = state.unsent.has(id);
    const selected = state.selected === id;
    const caption = captionOf(annotation, state.calibration);
    this.root.setAttribute("aria-label", nameOf(annotation, caption, unsent));
    this.root.setAttribute("aria-pressed", String(selected));
    this.root.classList.toggle("drawn-unsent", unsent);
    this.root.classList.toggle("drawn-selected", selected);
    this.root.style.setProperty("--ink", annotation.colour);
    const author = selected || state.hovered === id ? annotation.author_name : "";
    if (this.caption.textContent !== caption || this.author.textContent !== author) {
      this.caption.textContent = caption;
      this.author.textContent = author;
      this.width = Math.max(lengthOf(this.caption), lengthOf(this.author));
    }
  }

  place(annotation: Annotation, matrix: Matrix, withHandles: boolean, within: Size): void {
    const path = pathOf(annotation, matrix);
    this.halo.setAttribute("d", path);
    this.ink.setAttribute("d", path);
    const place = captionPlace(annotation, matrix);
    const x = Math.max(MARGIN_PX, Math.min(place.x, within.width - this.width - MARGIN_PX));
    const lifted = x < place.x ? place.y - LINE_PX : place.y; // pushed back over the drawing: let it stand above
    const y = Math.max(LINE_PX, Math.min(lifted, within.height - LINE_PX));
    move(this.caption, x, y);
    move(this.author, x, this.caption.textContent === "" ? y : y + LINE_PX);
    const handles = withHandles ? handlesOf(annotation, matrix) : [];
    while (this.handles.length > handles.length) {
      this.handles.pop()?.remove();
    }
    handles.forEach((point, index) => this.placeHandle(point, index));
  }

  private placeHandle(point: Point, index: number): void {
    let handle = this.handles[index];
    if (!handle) {
      handle = svg("circle", "drawn-handle");
      handle.setAttribute("r", String(HANDLE_PX));
      this.handles.push(handle);
      this.root.append(handle);
    }
    handle.setAttribute("cx", point.x.toFixed(1));
    handle.setAttribute("cy", point.y.toFixed(1));
  }
}

/** How wide a text is; 0 where nothing is laid out (a test without a screen). */
function lengthOf(text: SVGTextElement): number {
  return text.textContent !== "" && "getComputedTextLength" in text ? text.getComputedTextLength() : 0;
}

function move(text: SVGTextElement, x: number, y: number): void {
  text.setAttribute("x", x.toFixed(1));
  text.setAttribute("y", y.toFixed(1));
}

/** The drawings over the picture. Kept as elements of the page, so that they have names and can be reached by key. */
export class AnnotationLayer {
  readonly root = svg("svg", "stage-drawings");
  private readonly drawn = new Map<string, Drawn>();
  private draft: { readonly annotation: Annotation; readonly drawn: Drawn } | null = null;
  private state: LayerState = {
    annotations: new Map(),
    unsent: new Set(),
    selected: null,
    hovered: null,
    calibration: [],
  };
  private matrix: Matrix = [1, 0, 0, 1, 0, 0];
  private size: Size = { width: 0, height: 0 };

  constructor(
    private readonly me: string,
    select: (id: string) => void,
  ) {
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", t("Drawings"));
    this.root.addEventListener("keydown", (event) => {
      const id = event.target instanceof SVGElement ? event.target.dataset.annotation : undefined;
      if (id !== undefined && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        event.stopPropagation();
        select(id);
      }
    });
  }

  show(state: LayerState): void {
    this.state = state;
    for (const [id, drawn] of this.drawn) {
      if (!state.annotations.has(id)) {
        drawn.root.remove();
        this.drawn.delete(id);
      }
    }
    for (const [id, annotation] of state.annotations) {
      let drawn = this.drawn.get(id);
      if (!drawn) {
        drawn = new Drawn(id);
        this.drawn.set(id, drawn);
        this.root.append(drawn.root);
      }
      drawn.describe(annotation, id, state);
    }
    this.place(this.matrix, this.size);
  }

  /** Moves everything to where the image is now, in a viewport of `size`. */
  place(matrix: Matrix, size: Size): void {
    this.matrix = matrix;
    this.size = size;
    for (const [id, drawn] of this.drawn) {
      const annotation = this.state.annotations.get(id);
      if (annotation) {
        drawn.place(annotation, matrix, this.state.selected === id && annotation.author === this.me, size);
      }
    }
    this.draft?.drawn.place(this.draft.annotation, matrix, false, size);
  }

  /** What is being drawn at this moment, before it is in the document; null when it is done. */
  showDraft(annotation: Annotation | null): void {
    if (!annotation) {
      this.draft?.drawn.root.remove();
      this.draft = null;
      return;
    }
    const drawn = this.draft?.drawn ?? new Drawn("");
    if (!this.draft) {
      drawn.root.removeAttribute("role");
      drawn.root.removeAttribute("tabindex");
      this.root.append(drawn.root);
    }
    this.draft = { annotation, drawn };
    drawn.describe(annotation, "", { ...this.state, selected: null, hovered: null, unsent: new Set() });
    drawn.place(annotation, this.matrix, false, this.size);
  }

  /** The annotation nearest to a screen point within `radius` CSS px. */
  nearest(point: Point, radius: number): string | null {
    let [found, least]: [string | null, number] = [null, radius];
    for (const [id, annotation] of this.state.annotations) {
      const far = distanceTo(annotation, this.matrix, point);
      if (far <= least) {
        [found, least] = [id, far];
      }
    }
    return found;
  }

  /** Which handle of the selected annotation lies within `radius` CSS px of a screen point; -1 for none. */
  handleAt(point: Point, radius: number): number {
    const annotation = this.state.selected === null ? undefined : this.state.annotations.get(this.state.selected);
    if (annotation?.author !== this.me) {
      return -1;
    }
    const handles = handlesOf(annotation, this.matrix);
    const far = handles.map((handle) => Math.hypot(handle.x - point.x, handle.y - point.y));
    const least = Math.min(...far);
    return least <= radius ? far.indexOf(least) : -1;
  }
}
