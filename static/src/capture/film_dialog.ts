import "../styles/film.css";
import { button, make } from "../record/dom";
import { t } from "../ui/text";
import { glare, proposedCorners } from "./film_checks";
import { type Corner, isConvex, type Pixels, type Quad, slant, straightened, straightSize } from "./film_geometry";

const LONGEST_SHOWN = 1024;
const LONGEST_LOOKED_AT = 160;
const LONGEST_FILM = 2400;
const MUCH_GLARE = 0.02;
const MUCH_SLANT = 1.15;
const STEP_PX = 4;
const QUALITY = 0.93;

function pixelsOf(image: CanvasImageSource, width: number, height: number): Pixels {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context?.drawImage(image, 0, 0, width, height);
  return context?.getImageData(0, 0, width, height) ?? { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

function scaled(quad: Quad, by: number): Quad {
  const one = ({ x, y }: Corner): Corner => ({ x: x * by, y: y * by });
  return [one(quad[0]), one(quad[1]), one(quad[2]), one(quad[3])];
}

/** A photo just taken: sent as it is, or, if it is of a film, straightened first; the untouched photo always goes too. */
class FilmDialog {
  private readonly words = make("p", { class: "film-words", role: "status" });
  private readonly stage = make("div", { class: "film-stage" });
  private readonly outline = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  private readonly handles: readonly HTMLButtonElement[];
  private readonly acts = make("div", { class: "actions" });
  private readonly dialog: HTMLDialogElement;
  private readonly shown: number; // shown px per photo px
  private quad: Quad | null = null;

  constructor(
    private readonly photo: File,
    private readonly bitmap: ImageBitmap,
    private readonly done: (files: readonly File[]) => void,
  ) {
    this.shown = Math.min(1, LONGEST_SHOWN / Math.max(bitmap.width, bitmap.height));
    this.handles = this.makeHandles();
    this.paint();
    const title = make("h2", { id: "film-title", text: t("The photo") });
    const article = make("article", {}, title, this.words, this.stage, this.acts);
    this.dialog = make("dialog", { class: "film-dialog", "aria-labelledby": "film-title" }, article);
    this.dialog.addEventListener("cancel", () => this.end([photo])); // the way back never loses a photo
    this.offer();
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  private offer(): void {
    this.words.textContent = t("Is it an X-ray film on a light box? Then straighten it: the whole photo is kept too.");
    this.acts.replaceChildren(
      button(t("Take it again"), "rotate-ccw", () => this.end([]), "quiet"),
      button(t("It is a film: straighten it"), "maximize", () => this.corners(), "quiet"),
      button(t("Send it as it is"), "send", () => this.end([this.photo])),
    );
  }

  private paint(): void {
    const { bitmap, shown } = this;
    const canvas = make("canvas", { width: Math.round(bitmap.width * shown), height: Math.round(bitmap.height * shown) });
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", `0 0 ${bitmap.width} ${bitmap.height}`);
    drawing.append(this.outline);
    this.stage.append(canvas, drawing, ...this.handles);
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

  /** Proposes where the film lies and lets the corners be moved. */
  private corners(): void {
    const { bitmap } = this;
    const scale = Math.min(1, LONGEST_LOOKED_AT / Math.max(bitmap.width, bitmap.height));
    const small = pixelsOf(bitmap, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    this.move(scaled(proposedCorners(small), 1 / scale));
    this.acts.replaceChildren(
      button(t("Take it again"), "rotate-ccw", () => this.end([]), "quiet"),
      button(t("Send it as it is"), "send", () => this.end([this.photo]), "quiet"),
      button(t("Straighten and send both"), "check", () => void this.straighten()),
    );
    this.handles[0]?.focus();
  }

  private drag(index: number, event: PointerEvent): void {
    const box = this.stage.getBoundingClientRect();
    this.put(index, {
      x: ((event.clientX - box.left) / box.width) * this.bitmap.width,
      y: ((event.clientY - box.top) / box.height) * this.bitmap.height,
    });
  }

  private nudge(index: number, event: KeyboardEvent): void {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const here = this.quad?.[index];
    if (by && here) {
      event.preventDefault();
      const step = (STEP_PX / this.shown) * (event.shiftKey ? 5 : 1);
      this.put(index, { x: here.x + (by[0] ?? 0) * step, y: here.y + (by[1] ?? 0) * step });
    }
  }

  private put(index: number, { x, y }: Corner): void {
    if (!this.quad) {
      return;
    }
    const within = { x: Math.min(this.bitmap.width, Math.max(0, x)), y: Math.min(this.bitmap.height, Math.max(0, y)) };
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
        handle.style.left = `${(100 * x) / this.bitmap.width}%`;
        handle.style.top = `${(100 * y) / this.bitmap.height}%`;
      }
    });
    this.advise(quad);
  }

  /** Plain advice on what the corners hold: never a block. */
  private advise(quad: Quad): void {
    const scale = Math.min(1, LONGEST_LOOKED_AT / Math.max(this.bitmap.width, this.bitmap.height));
    const small = pixelsOf(this.bitmap, Math.max(1, Math.round(this.bitmap.width * scale)), Math.max(1, Math.round(this.bitmap.height * scale)));
    const { width, height } = straightSize(quad, LONGEST_LOOKED_AT);
    const lost = glare({ width, height, data: straightened(small, scaled(quad, scale), width, height) });
    const said = [t("Move the corners onto the film's corners.")];
    if (lost > MUCH_GLARE) {
      said.push(t("Glare hides %(percent)s %% of it: switch off lamps, block the free part of the light box, take it again.", { percent: Math.round(100 * lost) }));
    }
    if (slant(quad) > MUCH_SLANT) {
      said.push(t("It was taken at a slant: hold the tablet flat in front of the film for an even picture."));
    }
    this.words.textContent = said.join(" ");
  }

  private async straighten(): Promise<void> {
    const { bitmap, quad } = this;
    if (!quad) {
      return;
    }
    this.words.textContent = t("Straightening…");
    const { width, height } = straightSize(quad, LONGEST_FILM);
    const film = straightened(pixelsOf(bitmap, bitmap.width, bitmap.height), quad, width, height);
    const canvas = make("canvas", { width, height });
    canvas.getContext("2d")?.putImageData(new ImageData(film, width, height), 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    const name = this.photo.name.replace(/\.\w+$/, "");
    const copy = blob && new File([blob], `${name}-straight.jpg`, { type: "image/jpeg", lastModified: this.photo.lastModified });
    this.end(copy ? [copy, this.photo] : [this.photo]);
  }

  private end(files: readonly File[]): void {
    this.dialog.close();
    this.dialog.remove();
    this.bitmap.close();
    this.done(files);
  }
}

/** Looks at a photo from the camera: gives what is to be sent, the straightened copy first; nothing to take it again. */
export async function lookAtPhoto(photo: File): Promise<readonly File[]> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(photo);
  } catch {
    return [photo]; // this device cannot show it: the server may
  }
  return new Promise((resolve) => new FilmDialog(photo, bitmap, resolve));
}
