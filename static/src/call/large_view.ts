import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { StillView } from "./still_view";
import { frozenWords, type Subject } from "./tile_view";

/** Something that can be done with what is enlarged. */
export interface Enlarged {
  readonly icon: string;
  readonly words: string;
  act(): void;
}

const CORNERS = ["top-left", "top-right", "bottom-right", "bottom-left"] as const;
type Corner = (typeof CORNERS)[number];
const DRAG_PX = 8;

function button(name: string, words: string, onTap: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "call-large-button";
  made.append(icon(name), words);
  made.addEventListener("click", onTap);
  return made;
}

/**
 * One person enlarged over the stage: filling it at first; dragged, or by its button, it stays in a corner and leaves
 * the picture to be worked on. Escape or Close puts it away.
 */
export class LargeView {
  private readonly element = document.createElement("section");
  private readonly video = document.createElement("video");
  private readonly still = new StillView();
  private readonly caption = document.createElement("p");
  private readonly size: HTMLButtonElement;
  private readonly apart: HTMLButtonElement;
  private readonly more = document.createElement("span");
  private offered = "";
  private subject: Subject | null = null;
  private corner: Corner = "top-right";
  private from: { x: number; y: number } | null = null;

  constructor(
    private readonly stage: HTMLElement,
    private readonly actions: (id: string) => readonly Enlarged[] = () => [],
  ) {
    this.element.className = "call-large";
    this.video.muted = true;
    this.video.autoplay = true;
    this.video.playsInline = true;
    this.caption.className = "call-large-name";
    this.size = button("minimize-2", t("To the corner"), () => this.setCornered(!this.isCornered));
    this.apart = button("presentation", t("Own window"), () => void this.setApart());
    this.apart.hidden = !document.pictureInPictureEnabled;
    this.more.className = "call-large-more";
    const bar = document.createElement("div");
    bar.className = "call-large-bar";
    bar.append(this.caption, this.more, this.size, this.apart, button("x", t("Close"), () => this.close()));
    this.element.append(this.video, this.still.element, bar);
    this.listen();
  }

  /** Shows someone, or puts them away when they are shown already. */
  show(subject: Subject): void {
    if (this.subject?.id === subject.id) {
      this.close();
      return;
    }
    this.subject = subject;
    this.setCornered(false);
    this.draw(subject);
    this.stage.append(this.element);
    this.size.focus();
  }

  /** What is known of someone changed. */
  refresh(subject: Subject): void {
    if (this.subject?.id === subject.id) {
      this.subject = subject;
      this.draw(subject);
    }
  }

  hide(id: string): void {
    if (this.subject?.id === id) {
      this.close();
    }
  }

  /** Leaves the stage to what is to be looked at. */
  makeRoom(): void {
    if (this.subject !== null && !this.isCornered) {
      this.setCornered(true);
    }
  }

  close(): void {
    if (document.pictureInPictureElement === this.video) {
      void document.exitPictureInPicture().catch(() => undefined);
    }
    this.subject = null;
    this.video.srcObject = null;
    this.element.remove();
  }

  private get isCornered(): boolean {
    return this.element.dataset.corner !== undefined;
  }

  private draw(subject: Subject): void {
    this.element.setAttribute("aria-label", subject.name);
    const { name, frozenSince } = subject;
    const age = frozenWords(frozenSince);
    const shown = age === "" ? name : t("%(name)s: picture %(age)s", { name, age });
    this.still.draw(subject.still ?? null);
    const isSeen = subject.hasPicture || this.still.isShown;
    this.caption.textContent = isSeen ? shown : t("%(name)s: no picture", { name });
    this.caption.classList.toggle("frozen", age !== "");
    this.video.classList.toggle("frozen", age !== "");
    this.drawActions(subject.id);
    this.video.classList.toggle("mirrored", subject.mirrored);
    this.video.hidden = !subject.hasPicture || this.still.isShown;
    if (this.video.srcObject !== subject.stream) {
      this.video.srcObject = subject.stream;
    }
  }

  /** A picture of the browser's own, over other windows; where it will not, it stays here. */
  private async setApart(): Promise<void> {
    try {
      await (document.pictureInPictureElement === this.video
        ? document.exitPictureInPicture()
        : this.video.requestPictureInPicture());
    } catch {
      this.setCornered(true);
    }
  }

  private drawActions(id: string): void {
    const actions = this.actions(id);
    const offered = actions.map((one) => one.words).join("|");
    if (offered !== this.offered) {
      this.offered = offered;
      this.more.replaceChildren(...actions.map((one) => button(one.icon, one.words, () => one.act())));
    }
  }

  private setCornered(cornered: boolean): void {
    if (cornered) {
      this.element.dataset.corner = this.corner;
    } else {
      delete this.element.dataset.corner;
    }
    this.size.replaceChildren(
      icon(cornered ? "maximize" : "minimize-2"),
      cornered ? t("Over the stage") : t("To the corner"),
    );
  }

  private listen(): void {
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.close();
      } else if (this.isCornered && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
        const step = event.key === "ArrowRight" ? 1 : CORNERS.length - 1;
        this.moveTo(CORNERS[(CORNERS.indexOf(this.corner) + step) % CORNERS.length] ?? "top-right");
      }
    });
    this.element.addEventListener("pointerdown", (event) => this.grab(event));
    this.element.addEventListener("pointermove", (event) => this.drag(event));
    this.element.addEventListener("pointerup", (event) => this.drop(event));
    this.element.addEventListener("pointercancel", () => this.letGo());
  }

  private grab(event: PointerEvent): void {
    if (!(event.target instanceof Element && event.target.closest("button"))) {
      this.from = { x: event.clientX, y: event.clientY };
      this.element.setPointerCapture(event.pointerId);
    }
  }

  private drag(event: PointerEvent): void {
    if (this.from === null) {
      return;
    }
    const [x, y] = [event.clientX - this.from.x, event.clientY - this.from.y];
    if (!this.isCornered && Math.hypot(x, y) > DRAG_PX) {
      this.setCornered(true);
    }
    this.element.style.translate = `${x}px ${y}px`;
  }

  /** The corner nearest to where it was let go. */
  private drop(event: PointerEvent): void {
    const grabbed = this.from;
    this.letGo();
    if (grabbed === null || Math.hypot(event.clientX - grabbed.x, event.clientY - grabbed.y) <= DRAG_PX) {
      return;
    }
    const stage = this.stage.getBoundingClientRect();
    const isLow = event.clientY > stage.top + stage.height / 2;
    const isRight = event.clientX > stage.left + stage.width / 2;
    this.moveTo(`${isLow ? "bottom" : "top"}-${isRight ? "right" : "left"}`);
  }

  private letGo(): void {
    this.from = null;
    this.element.style.translate = "";
  }

  private moveTo(corner: Corner): void {
    this.corner = corner;
    this.setCornered(true);
  }
}
