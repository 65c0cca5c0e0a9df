import "../styles/record.css";
import { ApiError } from "../ui/api";
import { t } from "../ui/text";
import { addendaList, addendumForm } from "./addenda";
import { getRecord } from "./api";
import { button, make, notice } from "./dom";
import type { DraftForm } from "./draft_form";
import { type KeyImageSource, showKeyImages } from "./key_images";
import type { Kind, RecordReply } from "./messages";
import { opinionForm, opinionView } from "./opinion";
import { outcomeForm, outcomeView } from "./outcome";
import { printLinks } from "./print_links";
import { StageImages, type StagePictures } from "./stage_images";

const DRAWERS = ["treating_doctor", "specialist"];
const LOOK_MS = 2000;
const MOST_LOOKS = 10;
const OPEN = ["accepted", "in_progress", "awaiting_reply", "opinion_signed"];

/** What the panel listens to; `Connection` of src/realtime is one. */
export interface RecordFacts {
  on(
    name: "opinion_changed" | "outcome_changed",
    handler: (fact: { version: number; signed: boolean }) => void,
  ): () => void;
  on(name: "report_changed" | "consult_changed", handler: (fact: { state: string }) => void): () => void;
  onStatus(handler: (link: { status: string }) => void): () => void;
}

export interface RecordOptions {
  readonly consultId: string;
  /** The room's connection; without one (the consult's page) the panel looks again whenever the page is looked at. */
  readonly connection?: RecordFacts;
  /** The stage, for its key images; without one (the consult's page) the panel tells only what was signed. */
  readonly stage?: StagePictures;
  /** Told after each change that the reader should not miss while looking elsewhere: signed by the other doctor. */
  readonly onNews?: (words: string) => void;
}

export interface RecordHandle {
  /** Reads the record again. */
  refresh(): Promise<void>;
  destroy(): void;
}

/** Puts the record into `element`: opinion, key images, outcome, addenda and print, as far as the reader may see. */
export function mountRecord(element: HTMLElement, options: RecordOptions): RecordHandle {
  const panel = new Panel(element, options);
  void panel.refresh();
  return panel;
}

class Panel implements RecordHandle {
  private readonly opinion = make("section", { class: "record-part" });
  private readonly images = make("section", { class: "record-part" });
  private readonly outcome = make("section", { class: "record-part" });
  private readonly addenda = make("div");
  private readonly addendum = make("div");
  private readonly print = make("div");
  private readonly after = make("section", { class: "record-part" }, this.addenda, this.addendum, this.print);
  private readonly problem = make("div", { role: "status" });
  private readonly forms = new Map<Kind, DraftForm>();
  private readonly shown = new Map<HTMLElement, string>();
  private readonly stops: (() => void)[] = [];
  private readonly keyImages: KeyImageSource | undefined;
  private stopImages: (() => void) | undefined;
  private record: RecordReply | undefined;
  private reading: Promise<void> | undefined;
  private stale = false;
  private added = 0;
  private look: ReturnType<typeof setTimeout> | undefined;
  private looks = 0;

  constructor(
    element: HTMLElement,
    private readonly options: RecordOptions,
  ) {
    this.keyImages = options.stage && new StageImages(options.stage);
    element.classList.add("record");
    this.problem.append(make("p", { class: "muted", text: t("Loading the record") }));
    element.replaceChildren(this.problem, this.opinion, this.images, this.outcome, this.after);
    this.listen();
  }

  /** One reading at a time; what is asked for meanwhile is one more reading after it. */
  async refresh(): Promise<void> {
    this.stale = true;
    this.reading ??= this.readUntilFresh();
    await this.reading;
  }

  destroy(): void {
    this.stops.forEach((stop) => stop());
    this.stopImages?.();
    clearTimeout(this.look);
    this.forms.forEach((form) => form.close());
  }

  private async readUntilFresh(): Promise<void> {
    while (this.stale) {
      this.stale = false;
      try {
        this.draw(await getRecord(this.options.consultId));
        this.problem.replaceChildren();
      } catch (error) {
        this.couldNotRead(error);
      }
    }
    this.reading = undefined;
  }

  private couldNotRead(error: unknown): void {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (!this.record) {
      const again = button(t("Try again"), "refresh-cw", () => void this.refresh(), "quiet");
      this.problem.replaceChildren(notice(error.message, "warn", again));
    }
  }

  private listen(): void {
    const wake = (): void => this.forms.forEach((form) => form.wake());
    const listenTo = (target: EventTarget, type: string, handler: () => void): void => {
      target.addEventListener(type, handler);
      this.stops.push(() => target.removeEventListener(type, handler));
    };
    listenTo(window, "online", wake);
    const { connection } = this.options;
    if (!connection) {
      listenTo(document, "visibilitychange", () => {
        if (document.visibilityState === "visible") {
          void this.refresh();
        }
      });
      return;
    }
    let wasDown = false;
    this.stops.push(
      connection.on("opinion_changed", (fact) => this.changed("opinion", fact)),
      connection.on("outcome_changed", (fact) => this.changed("outcome", fact)),
      connection.on("report_changed", () => void this.refresh()),
      connection.on("consult_changed", () => void this.refresh()),
      connection.onStatus(({ status }) => {
        if (status === "up" && wasDown) {
          wake();
          void this.refresh();
        }
        wasDown = status === "down" || (wasDown && status !== "up");
      }),
    );
  }

  private changed(kind: Kind, fact: { readonly version: number; readonly signed: boolean }): void {
    const form = this.forms.get(kind);
    if (fact.signed) {
      const others = form === undefined && this.record?.[kind].state !== "signed";
      void this.refresh().then(() => {
        if (others) {
          this.options.onNews?.(
            kind === "opinion" ? t("The opinion is signed: read it in the record.") : t("The outcome is signed."),
          );
        }
      });
    } else if (form) {
      form.noticed(fact.version);
    } else if (this.record) {
      // The words of a draft are its author's: that it grows is all there is to know, and needs no asking.
      const document = { ...this.record[kind], state: "writing" as const, updated_at: new Date().toISOString() };
      this.draw({ ...this.record, [kind]: document });
    }
  }

  private draw(record: RecordReply): void {
    this.record = record;
    const { opinion, outcome } = record;
    const writesOpinion = record.rights.includes("write_opinion");
    const writesOutcome = record.rights.includes("write_outcome");
    this.part(this.opinion, writesOpinion ? "form" : JSON.stringify(opinion), () => [
      make("h3", { text: writesOpinion ? t("Your opinion") : t("Specialist's opinion") }),
      writesOpinion
        ? this.form(
            "opinion",
            opinionForm(
              record,
              () => this.imageCount(),
              () => void this.refresh(),
            ),
          )
        : this.end("opinion", opinionView(record)),
    ]);
    this.part(this.outcome, writesOutcome ? "form" : JSON.stringify([outcome, opinion.state]), () => [
      make("h3", { text: writesOutcome ? t("Your outcome") : t("Treating doctor's outcome") }),
      writesOutcome
        ? this.form(
            "outcome",
            outcomeForm(record, () => void this.refresh()),
          )
        : this.end("outcome", outcomeView(record)),
    ]);
    this.outcome.hidden = opinion.state !== "signed";
    this.drawImages(record);
    this.drawAfter(record);
  }

  private drawImages(record: RecordReply): void {
    const source = this.keyImages;
    const mayMark = DRAWERS.includes(record.role) && OPEN.includes(record.state);
    this.images.hidden = !source || !mayMark;
    this.placeImages();
    if (source && mayMark) {
      this.stopImages ??= showKeyImages(this.images, source);
    }
  }

  /** Above the button that signs them, for the specialist who writes; else after the opinion. */
  private placeImages(): void {
    const foot = this.opinion.querySelector(".record-foot");
    if (foot && this.images.nextElementSibling !== foot) {
      foot.before(this.images);
    } else if (!foot && this.opinion.nextElementSibling !== this.images) {
      this.opinion.after(this.images);
    }
  }

  private drawAfter(record: RecordReply): void {
    const { addenda, report } = record;
    const mayAdd = record.rights.includes("add_addendum");
    const heading = addenda.length > 0 || mayAdd;
    this.part(this.addenda, JSON.stringify([addenda, heading]), () => [
      heading ? make("h3", { text: t("Addenda") }) : null,
      addenda.length > 0 ? addendaList(addenda) : null,
    ]);
    // A place of its own: an addendum being written must outlive whatever changes around it.
    this.part(this.addendum, `${String(mayAdd)} ${this.added}`, () => [
      mayAdd ? addendumForm(record.consult_id, () => this.addendumAdded()) : null,
    ]);
    this.part(this.print, JSON.stringify(report), () => [
      printLinks(record.consult_id, report, () => void this.refresh()),
    ]);
    this.after.hidden = report.state === "none";
    this.lookAgainForPdf(report.state);
  }

  private addendumAdded(): void {
    this.added += 1;
    void this.refresh();
  }

  /** Without a connection nobody tells when the PDF is there. */
  private lookAgainForPdf(state: string): void {
    clearTimeout(this.look);
    if (state !== "making") {
      this.looks = 0;
    } else if (!this.options.connection && this.looks < MOST_LOOKS) {
      this.looks += 1;
      this.look = setTimeout(() => void this.refresh(), LOOK_MS * this.looks);
    }
  }

  /** Draws a part anew only when what it shows has changed: nobody's caret is taken away. */
  private part(section: HTMLElement, key: string, contents: () => readonly (Node | null)[]): void {
    if (this.shown.get(section) !== key) {
      this.shown.set(section, key);
      section.replaceChildren(...contents().filter((node): node is Node => node !== null));
    }
  }

  private form(kind: Kind, form: DraftForm): HTMLElement {
    this.forms.get(kind)?.close();
    this.forms.set(kind, form);
    return form.element;
  }

  private end(kind: Kind, view: HTMLElement): HTMLElement {
    this.forms.get(kind)?.close();
    this.forms.delete(kind);
    return view;
  }

  private imageCount(): number {
    return this.keyImages?.list().length ?? 0;
  }
}
