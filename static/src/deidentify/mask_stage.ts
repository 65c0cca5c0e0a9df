import { t } from "../ui/text";
import { type Box, type Item, type Mask, between, nudged } from "./copy_state";

const SVG = "http://www.w3.org/2000/svg";
const LEAST_PX = 6; // of the screen: a shorter drag is a tap
const HANDLE_PX = 44;

/** What a person does with the places on a picture. */
export interface StageEvents {
  select: (mask: Mask | undefined) => void;
  draw: (box: Box) => void;
  resize: (mask: Mask, box: Box) => void;
  cover: (mask: Mask) => void;
  leave: (mask: Mask) => void;
}

interface Drag {
  from: { x: number; y: number };
  to: { x: number; y: number };
  resizing: Mask | undefined;
}

function part<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  return made;
}

/** What a place is, in words. */
export function originWords(mask: Mask): string {
  switch (mask.origin) {
    case "outside":
      return t("Outside the ultrasound picture");
    case "banner":
      return t("Top of the picture");
    case "person":
      return t("Drawn by you");
    case "text":
      return mask.likely ? t("Text that may name somebody") : t("Other text");
  }
}

function decisionWords(mask: Mask): string {
  if (mask.decision === "accepted") {
    return t("covered");
  }
  if (mask.decision === "rejected") {
    return t("stays");
  }
  return mask.open ? t("not decided") : t("covered by another place");
}

/** A picture with its places: tap to choose, drag the corner to resize, drag on the picture to draw while drawing. */
export class MaskStage {
  readonly element = document.createElement("div");
  private readonly image = document.createElement("img");
  private readonly svg = part("svg", { role: "group" });
  private item: Item | undefined;
  private selected: string | undefined;
  private drawing = false;
  private drag: Drag | undefined;

  constructor(private readonly events: StageEvents) {
    this.element.className = "mask-stage";
    this.image.alt = "";
    this.svg.setAttribute("aria-label", t("Places on this picture"));
    this.element.append(this.image, this.svg);
    this.svg.addEventListener("pointerdown", (event) => this.down(event));
    this.svg.addEventListener("pointermove", (event) => this.move(event));
    this.svg.addEventListener("pointerup", () => this.up());
    this.svg.addEventListener("pointercancel", () => this.forget());
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  /** Whether the next drag on the picture makes a new place. */
  set isDrawing(drawing: boolean) {
    this.drawing = drawing;
    this.element.classList.toggle("drawing", drawing);
  }

  show(item: Item, url: string, selected: string | undefined): void {
    this.item = item;
    this.selected = selected;
    if (!this.image.src.endsWith(url)) {
      this.image.src = url;
    }
    this.element.style.setProperty("--ratio", String(item.columns / item.rows));
    this.svg.setAttribute("viewBox", `0 0 ${item.columns} ${item.rows}`);
    this.paint();
  }

  /** Puts the keyboard on the chosen place. */
  focusSelected(): void {
    this.svg.querySelector<SVGGElement>(".selected")?.focus({ preventScroll: true });
  }

  private paint(): void {
    const focused = document.activeElement instanceof SVGElement && this.svg.contains(document.activeElement);
    const masks = this.item?.masks ?? [];
    this.svg.replaceChildren(...masks.map((mask) => this.drawn(mask)));
    const chosen = masks.find((mask) => mask.id === this.selected);
    if (chosen) {
      this.svg.append(this.handle(chosen));
    }
    if (this.drag && this.item) {
      const box = between(this.drag.from, this.drag.to, this.item);
      this.svg.append(part("rect", { ...box, class: "mask-draft" }));
    }
    if (focused) {
      this.focusSelected();
    }
  }

  private drawn(mask: Mask): SVGGElement {
    const state = mask.decision === "open" && !mask.open ? "covered" : mask.decision;
    const classes = ["mask", state, mask.likely ? "likely" : "", mask.id === this.selected ? "selected" : ""];
    const words = `${originWords(mask)}: ${decisionWords(mask)}`;
    const group = part("g", { class: classes.join(" "), tabindex: 0, role: "button", "aria-label": words });
    group.setAttribute("aria-pressed", String(mask.id === this.selected));
    group.dataset.mask = mask.id;
    group.append(part("rect", { x: mask.x, y: mask.y, width: mask.width, height: mask.height }));
    return group;
  }

  private handle(mask: Mask): SVGCircleElement {
    const radius = (HANDLE_PX / 2) * this.scale();
    const handle = part("circle", { cx: mask.x + mask.width, cy: mask.y + mask.height, r: radius, class: "mask-handle" });
    handle.dataset.resizes = mask.id;
    return handle;
  }

  /** Pixels of the picture for one of the screen. */
  private scale(): number {
    return (this.item?.columns ?? 1) / Math.max(1, this.svg.clientWidth);
  }

  private place(event: PointerEvent): { x: number; y: number } {
    const frame = this.svg.getBoundingClientRect();
    const scale = this.scale();
    return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
  }

  private find(id: string | undefined): Mask | undefined {
    return this.item?.masks.find((mask) => mask.id === id);
  }

  private down(event: PointerEvent): void {
    const target = event.target instanceof SVGElement ? event.target : undefined;
    const at = this.place(event);
    const resizing = this.find(target?.dataset.resizes);
    if (resizing || this.drawing) {
      event.preventDefault();
      this.svg.setPointerCapture(event.pointerId);
      const from = resizing ? { x: resizing.x, y: resizing.y } : at;
      this.drag = { from, to: at, resizing };
      return;
    }
    this.events.select(this.smallestAt(at));
  }

  /** Bands lie under lines: a tap means the smallest place beneath it, with some room for a finger. */
  private smallestAt(at: { x: number; y: number }): Mask | undefined {
    const room = 8 * this.scale();
    const hit = (this.item?.masks ?? []).filter(
      (mask) =>
        at.x >= mask.x - room &&
        at.x <= mask.x + mask.width + room &&
        at.y >= mask.y - room &&
        at.y <= mask.y + mask.height + room,
    );
    return hit.sort((one, other) => one.width * one.height - other.width * other.height)[0];
  }

  private move(event: PointerEvent): void {
    if (this.drag) {
      this.drag.to = this.place(event);
      this.paint();
    }
  }

  private up(): void {
    const { drag, item } = this;
    this.forget();
    if (!drag || !item) {
      return;
    }
    const box = between(drag.from, drag.to, item);
    const least = LEAST_PX * this.scale();
    if (box.width < least || box.height < least) {
      return;
    }
    if (drag.resizing) {
      this.events.resize(drag.resizing, box);
    } else {
      this.events.draw(box);
    }
  }

  private forget(): void {
    this.drag = undefined;
    this.paint();
  }

  private key(event: KeyboardEvent): void {
    const focused = event.target instanceof SVGGElement ? this.find(event.target.dataset.mask) : undefined;
    if (!focused || !this.item) {
      return;
    }
    const step = Math.max(1, Math.round(this.item.columns / 100));
    const box = nudged(focused, event.key, event.shiftKey, step, this.item);
    if (box) {
      this.events.resize(focused, box);
    } else if (event.key === "Enter" || event.key === " ") {
      this.events.cover(focused);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.events.leave(focused);
    } else {
      return;
    }
    event.preventDefault();
  }
}
