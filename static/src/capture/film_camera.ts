import "../styles/film.css";
import { button, listening, make } from "../record/dom";
import { t } from "../ui/text";
import type { Chosen } from "./chosen";
import { judged } from "./film_checks";
import { FilmDesk } from "./film_desk";
import { lookAtPhoto } from "./film_dialog";

const SHOTS = 5;
const FRAMES_BETWEEN = 4; // a seventh of a second: a tremor's length
const SMALL_SIDE = 1000;

/** Why the camera cannot be used on this page, and what to do. */
function refusalWords(error: unknown): string {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return t("This page may not use the camera. Allow it in the browser's settings, or use the camera app.");
    case "NotReadableError":
    case "AbortError":
      return t("The camera is busy elsewhere. Close what uses it, or use the camera app.");
    default:
      return t("No camera answers here. Use the camera app, or choose a photo that is on this device.");
  }
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback(() => resolve());
    } else {
      requestAnimationFrame(() => resolve());
    }
  });
}

function fileName(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, "");
  return `film-${digits.slice(0, 8)}-${digits.slice(8, 14)}.jpg`;
}

/** The rear camera in a dialog: each tap takes a burst, of which the sharpest shot is offered. */
class FilmCamera {
  private readonly words = make("p", { class: "film-words", role: "status" });
  private readonly place = make("div", {});
  private readonly acts = make("div", { class: "actions" });
  private readonly dialog: HTMLDialogElement;
  private readonly video = make("video", { class: "film-view", playsinline: true });
  private readonly app = make("input", { type: "file", hidden: true, accept: "image/*", capture: "environment" });
  private readonly desk = new FilmDesk();
  private addresses: string[] = [];
  private stream: MediaStream | null = null;
  private best = 0; // of this camera and this film
  private ended = false;

  constructor(private readonly done: (photo: File | null) => void) {
    const title = make("h2", { id: "film-camera-title", text: t("Photograph a film") });
    const article = make("article", {}, title, this.words, this.place, this.app, this.acts);
    this.dialog = make("dialog", { class: "film-dialog", "aria-labelledby": "film-camera-title" }, article);
    this.dialog.addEventListener("cancel", () => this.end(null));
    this.video.muted = true;
    listening(this.app, { change: () => this.app.files?.[0] && this.end(this.app.files[0]) });
    document.body.append(this.dialog);
    this.dialog.showModal();
    void this.start();
  }

  private get otherWay(): HTMLElement {
    return button(t("Use the camera app"), "camera", () => this.app.click(), "quiet");
  }

  private get cancel(): HTMLElement {
    return button(t("Cancel"), "x", () => this.end(null), "quiet");
  }

  private async start(): Promise<void> {
    this.words.textContent = t("Opening the camera…");
    this.place.replaceChildren();
    this.acts.replaceChildren(this.cancel, this.otherWay);
    try {
      const video = { facingMode: { ideal: "environment" }, width: { ideal: 4096 }, height: { ideal: 3072 } };
      this.stream ??= await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (this.ended) {
        this.stop();
        return;
      }
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.stop();
      this.words.textContent = refusalWords(error);
      return;
    }
    this.view();
  }

  private view(): void {
    const { videoWidth, videoHeight } = this.video;
    const small = Math.min(videoWidth, videoHeight) < SMALL_SIDE;
    const hold = t("Lamps off, the film straight in front, all four corners in the picture. Hold still and tap.");
    this.words.textContent = small
      ? `${hold} ${t("This camera gives the page small pictures: the camera app takes larger ones.")}`
      : hold;
    this.place.replaceChildren(this.video);
    const take = button(t("Take it"), "camera", () => void this.burst());
    this.acts.replaceChildren(this.cancel, this.otherWay, take);
    take.focus();
  }

  private async burst(): Promise<void> {
    this.words.textContent = t("Hold still…");
    this.acts.replaceChildren(this.cancel);
    try {
      const shots: ImageBitmap[] = [];
      for (let shot = 0; shot < SHOTS; shot++) {
        for (let frame = 0; frame < FRAMES_BETWEEN; frame++) {
          await nextFrame(this.video);
        }
        shots.push(await createImageBitmap(this.video));
      }
      this.words.textContent = t("Looking for the sharpest…");
      const found = await this.desk.judge(shots);
      if (this.ended) {
        return;
      }
      if (found) {
        this.offer(found.photos, found.scores);
        return;
      }
    } catch (error) {
      console.warn("a burst could not be taken:", error);
    }
    this.stop();
    this.words.textContent = t("No photo came of it. Use the camera app.");
    this.acts.replaceChildren(this.cancel, this.otherWay);
  }

  /** The sharpest, with the others beside it: a person may see what no measure does. */
  private offer(photos: readonly Blob[], scores: readonly number[]): void {
    const { sharpest, blurred } = judged(scores, this.best);
    this.best = Math.max(this.best, ...scores);
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = photos.map((photo) => URL.createObjectURL(photo));
    const large = make("img", { class: "film-face", alt: t("The chosen shot") });
    let chosen = sharpest;
    const tiles = this.addresses.map((address, index) => {
      const mark = index === sharpest ? t("Sharpest") : blurred[index] ? t("Blurred") : "";
      const name = t("Shot %(number)s", { number: index + 1 });
      const tile = make("button", { type: "button", class: "film-shot", "aria-label": [name, mark].join(" ").trim() }, make("img", { src: address, alt: "" }), make("small", { text: mark }));
      return listening(tile, { click: () => choose(index) });
    });
    const choose = (index: number): void => {
      chosen = index;
      large.src = this.addresses[index] ?? "";
      tiles.forEach((tile, at) => tile.setAttribute("aria-pressed", String(at === index)));
      this.words.textContent = this.verdict(index === sharpest, blurred[index] ?? false);
    };
    this.place.replaceChildren(large, make("div", { class: "film-shots" }, ...tiles));
    const use = button(t("Use this one"), "check", () => this.end(this.fileOf(photos[chosen])));
    this.acts.replaceChildren(this.cancel, button(t("Take it again"), "rotate-ccw", () => this.view(), "quiet"), use);
    choose(sharpest);
    use.focus();
  }

  private verdict(isSharpest: boolean, isBlurred: boolean): string {
    if (!isBlurred) {
      return isSharpest ? t("The sharpest of the burst. Are the film's letters easy to read?") : t("Nearly as sharp as the sharpest.");
    }
    return isSharpest
      ? t("An earlier burst was sharper: lean the tablet on something and take it again.")
      : t("Blurred beside the sharpest of the burst.");
  }

  private fileOf(photo: Blob | undefined): File | null {
    const now = new Date();
    return photo ? new File([photo], fileName(now), { type: photo.type, lastModified: now.getTime() }) : null;
  }

  private stop(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  private end(photo: File | null): void {
    this.ended = true;
    this.stop();
    this.desk.close();
    this.dialog.close();
    this.dialog.remove();
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.done(photo);
  }
}

let filming = false;

/** Photographs a film and straightens it; nothing where the person gives up, or at the second of two quick taps. */
export async function photographFilm(): Promise<readonly Chosen[]> {
  if (filming) {
    return [];
  }
  filming = true;
  try {
    return await photographed();
  } finally {
    filming = false;
  }
}

async function photographed(): Promise<readonly Chosen[]> {
  for (;;) {
    const photo = await new Promise<File | null>((resolve) => new FilmCamera(resolve));
    const looked = photo ? await lookAtPhoto(photo, { film: true }) : [];
    if (looked !== "again") {
      return looked;
    }
  }
}
