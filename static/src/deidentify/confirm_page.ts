import { button, listening, make, notice } from "../record/dom";
import { ApiError, deleteJson, patchJson, postJson } from "../ui/api";
import { t } from "../ui/text";
import { type Box, type CopyState, type Decision, type Item, type Mask, nextOpen } from "./copy_state";
import { MaskStage, originWords } from "./mask_stage";

/** The page on which a person decides every place of every picture, and gives their word. */
export class ConfirmPage {
  private items: Item[];
  private current = 0;
  private picture = 0;
  private selected: string | undefined;
  private drawing = false;
  private sending = Promise.resolve();
  private readonly strip = make("div", { class: "copy-strip", role: "group", "aria-label": t("Pictures") });
  private readonly head = make("p", { class: "copy-head" });
  private readonly frames = make("div", { class: "copy-frames", role: "group", "aria-label": t("Frames") });
  private readonly bar = make("div", { class: "copy-bar" });
  private readonly loupe = make("div", { class: "copy-loupe", "aria-hidden": "true" });
  private readonly trouble = make("div", { role: "alert" });
  private readonly word = make("input", { type: "checkbox", id: "nothing-left" });
  private readonly send = button(t("Make the copy"), "check", () => void this.confirm());
  private readonly left = make("p", { class: "muted", role: "status" });
  private readonly stage: MaskStage;

  constructor(
    private readonly place: HTMLElement,
    private readonly copy: CopyState,
  ) {
    this.items = [...copy.items];
    this.stage = new MaskStage({
      select: (mask) => this.select(mask?.id),
      draw: (box) => this.draw(box),
      resize: (mask, box) => this.change(() => patchJson<Item>(`/api/copy-masks/${mask.id}`, { ...box })),
      cover: (mask) => this.decide(mask, "accepted"),
      leave: (mask) => this.decide(mask, "rejected"),
    });
    const first = this.items.findIndex((item) => item.undecided > 0);
    this.current = Math.max(0, first);
    this.selected = nextOpen(this.item.masks, undefined)?.id;
    this.lay();
    this.paint();
  }

  private get item(): Item {
    const found = this.items[this.current];
    if (!found) {
      throw new Error("a copy has at least one picture");
    }
    return found;
  }

  private lay(): void {
    const promise = make(
      "label",
      { class: "copy-promise", for: "nothing-left" },
      listening(this.word, { change: () => this.paint() }),
      make("span", { text: t("I looked at every picture. Nothing that names the patient is left.") }),
    );
    const end = make("div", { class: "copy-confirm-end" }, promise, this.left, this.send);
    const work = make("div", { class: "copy-work" }, this.frames, this.stage.element);
    const side = make("div", { class: "copy-side" }, this.loupe, this.bar);
    this.place.replaceChildren(this.strip, this.head, make("div", { class: "copy-desk" }, work, side), this.trouble, end);
  }

  private select(id: string | undefined): void {
    this.selected = id;
    this.paint();
  }

  private open(index: number): void {
    this.current = index;
    this.picture = 0;
    this.drawing = false;
    this.selected = nextOpen(this.item.masks, undefined)?.id;
    this.paint();
  }

  private paint(): void {
    const { item } = this;
    this.paintStrip();
    this.paintHead();
    this.paintFrames();
    const shown = item.pictures[this.picture];
    const usable = item.state === "proposed" && shown !== undefined;
    this.stage.element.hidden = !usable;
    this.stage.isDrawing = this.drawing;
    if (usable) {
      this.stage.show(item, shown.url, this.selected);
    }
    this.paintLoupe();
    this.paintBar();
    this.paintEnd();
  }

  private paintStrip(): void {
    this.strip.hidden = this.items.length < 2;
    this.strip.replaceChildren(
      ...this.items.map((item, index) => {
        const done = item.undecided === 0;
        const words = item.left_out
          ? t("left out")
          : done
            ? t("decided")
            : t("%(count)s to decide", { count: item.undecided });
        const made = button(`${index + 1}: ${words}`, done ? "check" : "circle-alert", () => this.open(index), "quiet");
        made.setAttribute("aria-pressed", String(index === this.current));
        return made;
      }),
    );
  }

  private paintHead(): void {
    const { item } = this;
    this.head.replaceChildren(make("strong", { text: item.name }));
    if (item.state === "failed") {
      this.head.append(notice(item.reason ?? t("This picture cannot be copied."), "warn"));
      return;
    }
    const words = item.left_out ? t("Take it in again") : t("Leave this picture out");
    const turn = button(words, item.left_out ? "undo-2" : "ban", () => this.leaveOut(!item.left_out), "quiet");
    this.head.append(turn);
  }

  private paintFrames(): void {
    const { pictures } = this.item;
    this.frames.hidden = pictures.length < 2;
    this.frames.replaceChildren(
      ...pictures.map((one, index) => {
        const show = (): void => {
          this.picture = index;
          this.paint();
        };
        const made = listening(make("button", { type: "button", class: "quiet", text: one.words }), { click: show });
        made.setAttribute("aria-pressed", String(index === this.picture));
        return made;
      }),
    );
  }

  private chosen(): Mask | undefined {
    return this.item.masks.find((mask) => mask.id === this.selected);
  }

  /** The chosen place, enlarged: letters 8 px high cannot be judged on a tablet. */
  private paintLoupe(): void {
    const { item } = this;
    const mask = this.chosen();
    const url = item.pictures[this.picture]?.url;
    this.loupe.hidden = !mask || !url;
    if (!mask || !url) {
      return;
    }
    const width = Math.max(this.loupe.clientWidth, 280);
    const zoom = Math.min(width / mask.width, 120 / mask.height, 4);
    this.loupe.style.height = `${Math.max(44, Math.min(140, mask.height * zoom))}px`;
    this.loupe.style.backgroundImage = `url("${url}")`;
    this.loupe.style.backgroundSize = `${item.columns * zoom}px ${item.rows * zoom}px`;
    this.loupe.style.backgroundPosition = `${-mask.x * zoom}px ${-mask.y * zoom}px`;
  }

  private paintBar(): void {
    const { item } = this;
    if (item.state !== "proposed" || item.left_out) {
      this.bar.replaceChildren();
      return;
    }
    const mask = this.chosen();
    const rest = item.undecided;
    const children: HTMLElement[] = mask ? this.choice(mask) : [make("p", { class: "muted", text: this.nothingChosen() })];
    if (rest > 1) {
      const words = t("Cover all %(count)s that are open", { count: rest });
      children.push(button(words, "check", () => this.decideRest("accepted"), "quiet"));
    }
    const drawWords = this.drawing ? t("Drag over the place to cover") : t("Cover another place");
    const drawButton = button(drawWords, this.drawing ? "x" : "plus", () => this.toggleDrawing(), "quiet");
    drawButton.setAttribute("aria-pressed", String(this.drawing));
    const steps = item.masks.length > 1 ? [this.steps()] : [];
    this.bar.replaceChildren(...children, ...steps, drawButton);
  }

  /** From place to place: on a tablet a line of text is lower than a finger. */
  private steps(): HTMLElement {
    const step = (by: number) => (): void => {
      const { masks } = this.item;
      const now = masks.findIndex((mask) => mask.id === this.selected);
      this.select(masks[(now + by + masks.length) % masks.length]?.id);
    };
    return make(
      "div",
      { class: "copy-pair" },
      button(t("Previous place"), "chevron-left", step(-1), "quiet"),
      button(t("Next place"), "chevron-right", step(1), "quiet"),
    );
  }

  private nothingChosen(): string {
    if (this.item.undecided > 0) {
      return t("Tap a place on the picture to decide it.");
    }
    return this.item.masks.length
      ? t("Every place is decided. Tap one to change it, or cover another.")
      : t("No text was found. Look yourself, and cover what names the patient.");
  }

  private choice(mask: Mask): HTMLElement[] {
    const title = make("p", { class: "copy-choice-title" }, make("strong", { text: originWords(mask) }));
    const cover = button(t("Cover it"), "check", () => this.decide(mask, "accepted"), mask.decision === "accepted" ? "" : "quiet");
    const drawn = mask.origin === "person";
    const leave = drawn
      ? button(t("Remove"), "trash-2", () => this.erase(mask), "quiet")
      : button(t("Leave it"), "eye", () => this.decide(mask, "rejected"), mask.decision === "rejected" ? "" : "quiet");
    cover.setAttribute("aria-pressed", String(mask.decision === "accepted"));
    if (!drawn) {
      leave.setAttribute("aria-pressed", String(mask.decision === "rejected"));
    }
    return [title, make("div", { class: "copy-pair" }, cover, leave)];
  }

  private paintEnd(): void {
    const copied = this.items.filter((item) => item.state === "proposed" && !item.left_out);
    const rest = copied.reduce((sum, item) => sum + item.undecided, 0);
    this.send.disabled = rest > 0 || !this.word.checked || copied.length === 0;
    this.left.textContent =
      copied.length === 0
        ? t("No picture is left in this copy.")
        : rest > 0
          ? t("Places still to decide: %(count)s", { count: rest })
          : this.word.checked
            ? ""
            : t("Every place is decided. Look once more, then say so.");
  }

  private toggleDrawing(): void {
    this.drawing = !this.drawing;
    this.paint();
  }

  private decide(mask: Mask, decision: Decision): void {
    this.change(() => patchJson<Item>(`/api/copy-masks/${mask.id}`, { decision }), mask.id);
  }

  private decideRest(decision: Decision): void {
    this.change(() => postJson<Item>(`/api/copy-items/${this.item.id}/decisions`, { decision }));
  }

  private erase(mask: Mask): void {
    this.change(() => deleteJson<Item>(`/api/copy-masks/${mask.id}`));
  }

  private leaveOut(leftOut: boolean): void {
    this.change(() => patchJson<Item>(`/api/copy-items/${this.item.id}`, { left_out: leftOut }));
  }

  private draw(box: Box): void {
    this.drawing = false;
    this.change(() => postJson<Item>(`/api/copy-items/${this.item.id}/masks`, { ...box }));
  }

  /** One change after another; the answer is the picture as it now stands. `decided`: go on to the next open place. */
  private change(send: () => Promise<Item>, decided?: string): void {
    this.sending = this.sending.then(async () => {
      try {
        this.take(await send(), decided);
      } catch (error) {
        this.say(error);
      }
    });
  }

  private take(item: Item, decided: string | undefined): void {
    this.trouble.replaceChildren();
    this.items = this.items.map((one) => (one.id === item.id ? item : one));
    if (decided && item.id === this.item.id) {
      this.selected = nextOpen(item.masks, decided)?.id ?? decided;
    }
    this.paint();
  }

  private say(error: unknown): void {
    const words = error instanceof ApiError ? error.message : t("Something went wrong. Load the page again.");
    this.trouble.replaceChildren(notice(words, "danger"));
    this.paint();
  }

  private async confirm(): Promise<void> {
    this.send.disabled = true;
    await this.sending;
    try {
      await postJson(`/api/copies/${this.copy.id}/confirm`, { nothing_left: this.word.checked });
      location.reload();
    } catch (error) {
      this.say(error);
    }
  }
}
