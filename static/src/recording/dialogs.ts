import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { Besides, Words } from "./recordings";
import { type SignOptions, signWords } from "./sign";
import { type ConsentText, Aloud, readTexts } from "./words";

/** The one dialog about recording: asking, answering, and what can be done while it runs. */
export class Dialogs {
  private readonly dialog = document.createElement("dialog");
  private readonly article = document.createElement("article");
  private readonly problem = document.createElement("p");
  private readonly texts = readTexts();
  private readonly aloud = new Aloud();
  private language = document.documentElement.lang;
  private shown = "";

  constructor(private readonly options: SignOptions) {
    this.dialog.className = "recording-dialog";
    this.dialog.setAttribute("aria-labelledby", "recording-title");
    this.problem.className = "field-error";
    this.problem.setAttribute("role", "alert");
    this.dialog.append(this.article);
    this.dialog.addEventListener("close", () => this.aloud.hush());
    // The question stays until it is answered; everything else may be closed.
    this.dialog.addEventListener("cancel", (event) => this.options.recordings.isAsked && event.preventDefault());
    options.room.append(this.dialog);
  }

  open(): void {
    this.shown = "";
    this.draw();
    if (!this.dialog.open) {
      this.dialog.showModal();
    }
  }

  /** The recording changed: what is shown may be over. */
  changed(): void {
    if (!this.dialog.open) {
      return;
    }
    if (!this.options.recordings.info && this.shown !== "ask") {
      this.dialog.close();
      return;
    }
    this.draw();
  }

  private draw(): void {
    const { recordings } = this.options;
    const kind = recordings.isAsked ? "answer" : recordings.info ? "manage" : "ask";
    if (kind === this.shown && kind !== "manage") {
      return; // somebody is choosing in it
    }
    this.shown = kind;
    this.problem.hidden = true;
    this.article.replaceChildren(...(kind === "manage" ? this.managing() : this.asking(kind === "ask")));
  }

  private get text(): ConsentText {
    const found = this.texts.find((one) => one.language === this.language) ?? this.texts[0];
    if (!found) {
      throw new Error("the room's page lacks the words of the consent");
    }
    return found;
  }

  private get words(): Words {
    return { version: this.text.version, language: this.text.language };
  }

  /** The question in the chosen language; a doctor's own has the choice of pictures in it. */
  private asking(first: boolean): Node[] {
    const { recordings, answersForOthers } = this.options;
    const words = document.createElement("div");
    words.className = "recording-words";
    const beside = answersForOthers ? new BesideFields() : null;
    const pictures = checkbox(t("Keep the pictures of the cameras too"));
    const fill = (): void => words.replaceChildren(...this.question(first ? pictures.box.checked : (recordings.info?.pictures ?? false)));
    pictures.box.addEventListener("change", fill);
    const yes = button(first ? t("Ask everybody") : t("Yes, I agree"), "");
    yes.addEventListener("click", () =>
      void this.do(yes, () => {
        const given = beside?.read() ?? [];
        return first ? recordings.ask(pictures.box.checked, this.words, given) : recordings.answer(true, this.words, given);
      }),
    );
    const no = button(first ? t("Do not record") : t("No"), "quiet");
    no.addEventListener("click", () => (first ? this.dialog.close() : void this.do(no, () => recordings.answer(false, this.words, []))));
    fill();
    const who = first ? [] : [line(t("%(name)s asks to record this talk.", { name: recordings.info?.asked_by_name ?? "" }), "recording-who")];
    return [...who, this.languages(fill), words, ...(first ? [pictures.label] : []), ...(beside ? [beside.element] : []), this.foot(no, yes)];
  }

  private question(pictures: boolean): Node[] {
    const { text } = this;
    const title = document.createElement("h2");
    title.id = "recording-title";
    title.textContent = text.title;
    const said = [...text.paragraphs, ...(pictures ? [text.pictures] : [])].map((one) => line(one));
    const parts = [title, ...said, line(text.question, "recording-question")];
    parts.forEach((part) => part.setAttribute("lang", text.language));
    return parts;
  }

  private languages(changed: () => void): HTMLElement {
    const bar = document.createElement("div");
    bar.className = "recording-languages";
    const draw = (): void => tabs.forEach((tab, at) => tab.setAttribute("aria-pressed", String(this.texts[at] === this.text)));
    const tabs = this.texts.map((text) => {
      const tab = button(text.language_name, "quiet");
      tab.lang = text.language;
      tab.addEventListener("click", () => {
        this.language = text.language;
        this.aloud.hush();
        draw();
        changed();
      });
      return tab;
    });
    draw();
    const read = this.aloud.button(() => [this.text.title, ...this.text.paragraphs, this.text.question], () => this.text.language);
    bar.append(...tabs, ...(read ? [read] : []));
    return bar;
  }

  /** While it runs or waits: how it stands, who agreed, and the ways out of it. */
  private managing(): Node[] {
    const { recordings, mayAsk } = this.options;
    const { info } = recordings;
    if (!info) {
      return [];
    }
    const title = document.createElement("h2");
    title.id = "recording-title";
    title.textContent = info.state === "recording" ? t("This talk is being recorded") : info.state === "paused" ? t("Recording paused") : t("Not recording yet");
    const people = document.createElement("ul");
    people.className = "recording-people";
    people.append(...info.people.map((one) => personLine(one)));
    const out = recordings.own
      .filter((one) => one.answer === "yes")
      .map((one) => {
        const back = button(withdrawWords(one.person), "danger");
        back.addEventListener("click", () => void this.do(back, () => recordings.withdraw(one.person)));
        return back;
      });
    const stop = button(t("Stop recording"), "");
    stop.addEventListener("click", () => void this.do(stop, () => recordings.stop()));
    const close = button(t("Back"), "quiet");
    close.addEventListener("click", () => this.dialog.close());
    const standing = info.state === "recording" ? [] : [line(signWords(info, recordings.missing))];
    return [title, ...standing, people, this.foot(close, ...out, ...(mayAsk ? [stop] : []))];
  }

  private foot(...buttons: readonly HTMLElement[]): HTMLElement {
    const foot = document.createElement("div");
    foot.className = "recording-foot";
    const bar = document.createElement("div");
    bar.className = "actions";
    bar.append(...buttons);
    foot.append(this.problem, bar);
    return foot;
  }

  private async do(pressed: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
    pressed.disabled = true;
    this.problem.hidden = true;
    try {
      await act();
      this.dialog.close();
    } catch (error) {
      this.problem.textContent = error instanceof Error && error.message ? error.message : t("This could not be sent. Try again.");
      this.problem.hidden = false;
    } finally {
      pressed.disabled = false;
    }
  }
}

/** Who sits beside the treating doctor and what they said: asked there, answered here. */
class BesideFields {
  readonly element = document.createElement("fieldset");
  private readonly nobody = checkbox(t("Nobody who can be heard"));
  private readonly patient = checkbox(t("The patient: they say yes"));
  private readonly guardian = checkbox(t("The patient: their guardian says yes for them"));
  private readonly attendant = checkbox(t("A relative: they say yes"));

  constructor() {
    const legend = document.createElement("legend");
    legend.textContent = t("Who is beside you? Ask them.");
    const all = [this.nobody, this.patient, this.guardian, this.attendant];
    this.element.className = "recording-beside";
    this.element.append(legend, ...all.map((one) => one.label));
    const off = (one: { box: HTMLInputElement }, others: readonly { box: HTMLInputElement }[]): void =>
      one.box.addEventListener("change", () => one.box.checked && others.forEach((other) => (other.box.checked = false)));
    off(this.nobody, [this.patient, this.guardian, this.attendant]);
    off(this.patient, [this.nobody, this.guardian]);
    off(this.guardian, [this.nobody, this.patient]);
    off(this.attendant, [this.nobody]);
  }

  /** Throws a sentence when nothing was chosen: silence is no consent. */
  read(): Besides {
    const found: Besides = [];
    if (this.patient.box.checked || this.guardian.box.checked) {
      found.push({ person: "patient", given_by: this.patient.box.checked ? "patient" : "guardian" });
    }
    if (this.attendant.box.checked) {
      found.push({ person: "attendant", given_by: "attendant" });
    }
    if (found.length === 0 && !this.nobody.box.checked) {
      throw new Error(t("Say who is beside you, and whether they agree. If somebody says no, do not record."));
    }
    return found;
  }
}

function personLine(one: { readonly person: string; readonly name: string; readonly answer: string }): HTMLElement {
  const item = document.createElement("li");
  const name = one.person === "self" ? one.name : one.person === "patient" ? t("The patient, beside the doctor") : t("A relative, beside the doctor");
  const answers: Record<string, [string, string]> = {
    yes: ["check", t("agreed")],
    asked: ["clock", t("has not answered yet")],
    no: ["x", t("said no")],
    withdrawn: ["x", t("took it back")],
  };
  const [shape, words] = answers[one.answer] ?? ["clock", ""];
  item.append(icon(shape), `${name}: ${words}`);
  return item;
}

function withdrawWords(person: string): string {
  if (person === "self") {
    return t("I take back my consent");
  }
  return person === "patient" ? t("The patient takes it back") : t("The relative takes it back");
}

function button(words: string, className: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = words;
  return element;
}

function line(words: string, className = ""): HTMLElement {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = words;
  return element;
}

function checkbox(words: string): { readonly label: HTMLLabelElement; readonly box: HTMLInputElement } {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  label.append(box, words);
  return { label, box };
}
