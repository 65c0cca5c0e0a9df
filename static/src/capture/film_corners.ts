import { make } from "../record/dom";
import { t } from "../ui/text";
import { type Corner, isConvex, type Quad } from "./film_geometry";

const STEP_PX = 4;

/** A photo with four corners on it that a finger or the arrow keys move. `moved` is told each new place. */
export class FilmCorners {
  readonly element = make("div", { class: "film-stage" });
  private readonly outline = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  private readonly handles: readonly HTMLButtonElement[];
  private quad: Quad | null = null;

  constructor(
    image: HTMLImageElement,
    private readonly width: number,
    private readonly height: number,
    private readonly moved: (quad: Quad) => void,
  ) {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.append(this.outline);
    this.handles = this.makeHandles();
    this.element.append(image, drawing, ...this.handles);
  }

  /** Puts the corners there; the first takes the keys. */
  show(quad: Quad): void {
    this.move(quad);
    this.handles[0]?.focus();
  }

  private makeHandles(): HTMLButtonElement[] {
    const names = [t("Top left corner"), t("Top right corner"), t("Bottom right corner"), t("Bottom left corner")];
    return names.map((name, index) => {
      const handle = make("button", { type: "button", class: "film-corner", "aria-label": name, hidden: true });
      handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
      handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && this.drag(index, event));
      handle.addEventListener("keydown", (event) => this.nudge(index, event));
      return handle;
    });
  }

  private drag(index: number, event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    this.put(index, {
      x: ((event.clientX - box.left) / box.width) * this.width,
      y: ((event.clientY - box.top) / box.height) * this.height,
    });
  }

  private nudge(index: number, event: KeyboardEvent): void {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const here = this.quad?.[index];
    if (by && here) {
      event.preventDefault();
      const shown = Math.max(1, this.element.clientWidth) / this.width;
      const step = (STEP_PX / shown) * (event.shiftKey ? 5 : 1);
      this.put(index, { x: here.x + (by[0] ?? 0) * step, y: here.y + (by[1] ?? 0) * step });
    }
  }

  private put(index: number, { x, y }: Corner): void {
    if (!this.quad) {
      return;
    }
    const within = { x: Math.min(this.width, Math.max(0, x)), y: Math.min(this.height, Math.max(0, y)) };
    const [a, b, c, d] = this.quad.map((corner, i) => (i === index ? within : corner));
    if (a && b && c && d && isConvex([a, b, c, d])) {
      this.move([a, b, c, d]);
    }
  }

  private move(quad: Quad): void {
    this.quad = quad;
    this.outline.setAttribute("points", quad.map(({ x, y }) => `${x},${y}`).join(" "));
    quad.forEach(({ x, y }, i) => {
      const handle = this.handles[i];
      if (handle) {
        handle.hidden = false;
        handle.style.left = `${(100 * x) / this.width}%`;
        handle.style.top = `${(100 * y) / this.height}%`;
      }
    });
    this.moved(quad);
  }
}
