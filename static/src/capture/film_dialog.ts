import "../styles/film.css";
import { button, make } from "../record/dom";
import { t } from "../ui/text";
import type { Side } from "../viewport/sides";
import type { Chosen } from "./chosen";
import { FilmCorners } from "./film_corners";
import { FilmDesk } from "./film_desk";
import { type Quad, sideInPhoto, slant, turned } from "./film_geometry";
import { sideQuestion } from "./side_question";

const MUCH_GLARE = 0.02;
const MUCH_SLANT = 1.15;

export interface PhotoOptions {
  /** It is a film, as the person said before: its corners are asked for at once. */
  readonly film?: boolean;
}

/**
 * A photo just taken: sent as it is or, if it is of a film, straightened, turned upright and asked about its side marker
 * first. The untouched photo always goes too, and no way out loses it.
 */
class FilmDialog {
  private readonly words = make("p", { class: "film-words", role: "status" });
  private readonly place = make("div", {});
  private readonly acts = make("div", { class: "actions" });
  private readonly dialog: HTMLDialogElement;
  private readonly address: string;
  private readonly addresses: string[] = [];
  private quad: Quad;
  private quarters = 0;
  private side: Side | null = null;
  private asked = 0;

  constructor(
    private readonly photo: File,
    private readonly desk: FilmDesk,
    private readonly opened: { readonly width: number; readonly height: number; readonly proposed: Quad },
    options: PhotoOptions,
    private readonly done: (chosen: readonly Chosen[] | "again") => void,
  ) {
    this.quad = opened.proposed;
    this.address = this.addressOf(photo);
    const title = make("h2", { id: "film-title", text: t("The photo") });
    const article = make("article", {}, title, this.words, this.place, this.acts);
    this.dialog = make("dialog", { class: "film-dialog", "aria-labelledby": "film-title" }, article);
    this.dialog.addEventListener("cancel", () => this.asItIs()); // the way back never loses a photo
    addEventListener("beforeunload", this.staying);
    document.body.append(this.dialog);
    this.dialog.showModal();
    if (options.film) {
      this.corners();
    } else {
      this.offer();
    }
  }

  /** A photo that lies nowhere else yet: leaving the page is asked about. */
  private readonly staying = (event: BeforeUnloadEvent): void => event.preventDefault();

  private addressOf(blob: Blob): string {
    const address = URL.createObjectURL(blob);
    this.addresses.push(address);
    return address;
  }

  private show(place: Node, ...acts: readonly HTMLElement[]): void {
    this.place.replaceChildren(place);
    this.acts.replaceChildren(...acts);
  }

  private get again(): HTMLElement {
    return button(t("Take it again"), "rotate-ccw", () => this.end("again"), "quiet");
  }

  private offer(): void {
    this.words.textContent = t("Is it an X-ray film on a light box? Then straighten it: the whole photo is kept too.");
    const image = make("img", { src: this.address, alt: t("The photo") });
    this.show(
      make("div", { class: "film-stage" }, image),
      this.again,
      button(t("It is a film: straighten it"), "maximize", () => this.corners(), "quiet"),
      button(t("Send it as it is"), "send", () => this.asItIs()),
    );
  }

  /** Proposes where the film lies and lets the corners be moved. */
  private corners(): void {
    const image = make("img", { src: this.address, alt: t("The photo") });
    const corners = new FilmCorners(image, this.opened.width, this.opened.height, (quad) => this.moved(quad));
    this.show(
      corners.element,
      this.again,
      button(t("Send it as it is"), "send", () => this.asItIs(), "quiet"),
      button(t("Straighten it"), "check", () => void this.straighten()),
    );
    corners.show(this.quad);
  }

  private moved(quad: Quad): void {
    this.quad = quad;
    void this.advise(quad);
  }

  /** Plain advice on what the corners hold: never a block. */
  private async advise(quad: Quad): Promise<void> {
    const said = [t("Move the corners onto the film's corners.")];
    if (slant(quad) > MUCH_SLANT) {
      said.push(t("It was taken at a slant: hold the tablet flat in front of the film for an even picture."));
    }
    const asked = ++this.asked;
    const lost = (await this.desk.glare(quad)) ?? 0;
    if (lost > MUCH_GLARE) {
      said.push(t("Glare hides %(percent)s %% of it: switch off lamps, block the free part of the light box, take it again.", { percent: Math.round(100 * lost) }));
    }
    if (asked === this.asked) {
      this.words.textContent = said.join(" ");
    }
  }

  private async straighten(): Promise<void> {
    const asked = ++this.asked;
    this.words.textContent = t("Straightening…");
    this.acts.querySelectorAll("button").forEach((one) => (one.disabled = true));
    const film = await this.desk.straighten(turned(this.quad, this.quarters));
    if (asked !== this.asked) {
      return;
    }
    if (film) {
      this.result(film);
    } else {
      this.words.textContent = t("This device cannot straighten it. The specialist sees the photo as it is.");
      this.acts.replaceChildren(this.again, button(t("Send it as it is"), "send", () => this.asItIs()));
    }
  }

  /** The film as the specialist will see it: turned upright, and asked about its marker. */
  private result(film: Blob): void {
    this.words.textContent = t("Turn it until it hangs as on a light box. Both are sent: this, and the whole photo.");
    const send = button(t("Send both"), "send", () => this.both(film));
    send.disabled = this.side === null;
    const question = sideQuestion(this.side, (side) => {
      this.side = side;
      send.disabled = false;
    });
    const image = make("img", { class: "film-face", src: this.addressOf(film), alt: t("The straightened film") });
    this.show(
      make("div", { class: "film-result" }, image, question),
      button(t("Back"), "arrow-left", () => this.corners(), "quiet"),
      button(t("Turn"), "rotate-cw", () => this.turn(), "quiet"),
      send,
    );
  }

  private turn(): void {
    this.quarters = (this.quarters + 1) % 4;
    this.side = null; // what was said was of the film as it lay
    void this.straighten();
  }

  private both(film: Blob): void {
    const name = this.photo.name.replace(/\.\w+$/, "");
    const { lastModified } = this.photo;
    const copy = new File([film], `${name}-straight.jpg`, { type: "image/jpeg", lastModified });
    const side = this.side ?? "unmarked";
    const lain = sideInPhoto(side, this.quarters);
    this.end([{ file: copy, side }, lain ? { file: this.photo, side: lain } : { file: this.photo }]);
  }

  private asItIs(): void {
    this.end([{ file: this.photo }]);
  }

  private end(chosen: readonly Chosen[] | "again"): void {
    this.asked++;
    removeEventListener("beforeunload", this.staying);
    this.dialog.close();
    this.dialog.remove();
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.desk.close();
    this.done(chosen);
  }
}

/** Looks at a photo: gives what is to be sent of it, the straightened copy first, or "again" for another. */
export async function lookAtPhoto(photo: File, options: PhotoOptions = {}): Promise<readonly Chosen[] | "again"> {
  const desk = new FilmDesk();
  const opened = await desk.open(photo);
  if (!opened) {
    desk.close();
    return [{ file: photo }]; // this device cannot show it: the server may
  }
  return new Promise((resolve) => new FilmDialog(photo, desk, opened, options, resolve));
}
