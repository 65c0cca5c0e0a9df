import type { Matrix } from "../viewport/view";
import { apply } from "../viewport/view";
import type { Pointer } from "./presence";

const FADE_MS = 2000;
const INKS = ["#ffd400", "#4cc9ff", "#3ddc84", "#ff7ab8", "#ffb26b", "#c9a7ff"];

interface Shown {
  readonly root: HTMLElement;
  pointer: Pointer;
  timer: ReturnType<typeof setTimeout>;
}

/** One person's colour, the same on every screen. */
export function inkOf(participant: string): string {
  let sum = 0;
  for (const character of participant) {
    sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  }
  return INKS[sum % INKS.length] ?? "#ffffff";
}

/** Other people's pointers, each with its owner's name; gone two seconds after it last moved. */
export class Pointers {
  readonly root = document.createElement("div");
  private readonly shown = new Map<string, Shown>();
  private matrix: Matrix = [1, 0, 0, 1, 0, 0];
  private where = { instance: "", frame: 0 };

  constructor(private readonly nameOf: (participant: string) => string) {
    this.root.className = "stage-pointers";
    this.root.setAttribute("aria-hidden", "true");
  }

  /** Whose pointers can be seen at this moment. */
  names(): string[] {
    return [...this.shown.keys()];
  }

  update(participant: string, pointer: Pointer | null): void {
    const before = this.shown.get(participant);
    if (!pointer) {
      this.drop(participant);
      return;
    }
    const same = before?.pointer.x === pointer.x && before.pointer.y === pointer.y;
    if (before && same && before.pointer.frame === pointer.frame && before.pointer.instance === pointer.instance) {
      return; // repeated, not moved: it may go on fading
    }
    clearTimeout(before?.timer);
    const root = before?.root ?? this.made(participant);
    const timer = setTimeout(() => this.drop(participant), FADE_MS);
    this.shown.set(participant, { root, pointer, timer });
    restartFade(root);
    this.place(this.matrix, this.where.instance, this.where.frame);
  }

  place(matrix: Matrix, instance: string, frame: number): void {
    this.matrix = matrix;
    this.where = { instance, frame };
    for (const { root, pointer } of this.shown.values()) {
      root.hidden = pointer.instance !== instance || pointer.frame !== frame;
      const { x, y } = apply(matrix, pointer);
      root.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    }
  }

  destroy(): void {
    for (const participant of [...this.shown.keys()]) {
      this.drop(participant);
    }
  }

  private made(participant: string): HTMLElement {
    const root = document.createElement("div");
    root.className = "stage-pointer";
    root.style.setProperty("--ink", inkOf(participant));
    const dot = document.createElement("i");
    const name = document.createElement("span");
    name.textContent = this.nameOf(participant);
    root.append(dot, name);
    this.root.append(root);
    return root;
  }

  private drop(participant: string): void {
    const shown = this.shown.get(participant);
    clearTimeout(shown?.timer);
    shown?.root.remove();
    this.shown.delete(participant);
  }
}

function restartFade(root: HTMLElement): void {
  for (const animation of root.getAnimations()) {
    animation.currentTime = 0;
  }
}

/** A pointer as another page sends it, or null for anything else. */
export function readPointer(value: unknown): { instance: string; frame: number; x: number; y: number } | null {
  if (typeof value !== "object" || value === null) {
    return null;
  }
  const { instance, frame, x, y } = value as Record<string, unknown>;
  const numbers = [frame, x, y].every((number) => typeof number === "number" && Number.isFinite(number));
  return typeof instance === "string" && numbers
    ? { instance, frame: Number(frame), x: Number(x), y: Number(y) }
    : null;
}
