import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { DiscPatient, DiscSeries, DiscStudy } from "./disc_index";
import type { Found } from "./found";
import type { DiscChoice } from "./gathering";
import { sizeWords } from "./sizes";

function element(tag: keyof HTMLElementTagNameMap, className: string, ...inside: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...inside);
  return made;
}

/** "20240131" as the reader's own calendar says it; anything else as it is. */
function dayWords(value: string): string {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(value) ?? [];
  if (year === undefined) {
    return value;
  }
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.toLocaleDateString(document.documentElement.lang, { timeZone: "UTC", dateStyle: "medium" });
}

/** The words of a name in one order, so that "DEVI^SUNITA" and "Sunita Devi" are the same person. */
function nameKey(name: string): string {
  return name.toLowerCase().split(/[\s,.^]+/).filter((part) => part !== "").sort().join(" ");
}

/** Lets a person choose from a disc's patients, studies and series. What is likely meant is chosen already. */
export class DiscDialog {
  private readonly dialog = document.createElement("dialog");
  private readonly list = element("div", "disc-list");
  private readonly add = document.createElement("button");
  private readonly boxes = new Map<HTMLInputElement, readonly Found[]>();

  constructor(
    private readonly choice: DiscChoice,
    private readonly patientName: string,
  ) {
    this.dialog.className = "disc";
    this.fill();
    this.count();
  }

  /** Resolves to the files chosen, or null when the person went back. */
  ask(): Promise<readonly Found[] | null> {
    document.body.append(this.dialog);
    this.dialog.showModal();
    return new Promise((resolve) => {
      const end = (answer: readonly Found[] | null): void => {
        this.dialog.remove();
        resolve(answer);
      };
      this.add.addEventListener("click", () => end(this.chosen()));
      this.dialog.querySelector("[data-back]")?.addEventListener("click", () => end(null));
      this.dialog.addEventListener("cancel", () => end(null));
    });
  }

  private fill(): void {
    const { patients } = this.choice.disc;
    const title = element("h2", "", t("What is on this disc"));
    title.id = "disc-title";
    this.dialog.setAttribute("aria-labelledby", title.id);
    const several = patients.length > 1 ? [element("p", "disc-warning", icon("users"), this.severalWords(patients.length))] : [];
    this.list.append(...patients.map((patient) => this.patient(patient)));
    if (this.choice.others.length > 0) {
      const words = t("%(count)s pictures that its list does not name", { count: this.choice.others.length });
      this.list.append(this.line(words, "", this.choice.others, patients.length === 1));
    }
    const back = element("button", "quiet", t("Go back"));
    back.dataset.back = "";
    (back as HTMLButtonElement).type = "button";
    this.add.type = "button";
    this.list.addEventListener("change", () => this.count());
    this.dialog.append(element("article", "", title, ...several, this.list, element("div", "actions", back, this.add)));
  }

  private severalWords(count: number): string {
    return t("This disc holds pictures of %(count)s patients. Choose only those of the patient of this case.", { count });
  }

  private patient(patient: DiscPatient): HTMLElement {
    const alone = this.choice.disc.patients.length === 1;
    const meant = alone || (this.patientName !== "" && nameKey(patient.name) === nameKey(this.patientName));
    const born = patient.birthDate === "" ? "" : t("born %(day)s", { day: dayWords(patient.birthDate) });
    const head = element("h3", "", patient.name || t("No name"), " ", element("small", "muted", born));
    return element("section", "disc-patient", head, ...patient.studies.map((study) => this.study(study, meant)));
  }

  private study(study: DiscStudy, meant: boolean): HTMLElement {
    const words = [dayWords(study.date), study.description].filter((part) => part !== "").join(" · ") || t("Study without a date");
    return element("div", "disc-study", element("h4", "", words), ...study.series.map((series) => this.series(series, meant)));
  }

  private series(series: DiscSeries, meant: boolean): HTMLElement {
    const files = series.files.flatMap((path) => this.choice.fileAt(path) ?? []);
    const named = [series.modality, series.description].filter((part) => part !== "").join(" ");
    const missing = series.files.length - files.length;
    const note = missing > 0 ? t("%(count)s are not on the disc", { count: missing }) : "";
    return this.line(named || t("Series %(number)s", { number: series.number }), note, files, meant);
  }

  private line(words: string, note: string, files: readonly Found[], meant: boolean): HTMLElement {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = meant && files.length > 0;
    box.disabled = files.length === 0;
    this.boxes.set(box, files);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const count = files.length === 1 ? t("1 picture") : t("%(count)s pictures", { count: files.length });
    const small = [count, sizeWords(size), note].filter((part) => part !== "").join(" · ");
    return element("label", "disc-line", box, element("span", "", words, element("small", "muted", small)));
  }

  private chosen(): Found[] {
    return [...new Set([...this.boxes].flatMap(([box, files]) => (box.checked ? [...files] : [])))];
  }

  private count(): void {
    const count = this.chosen().length;
    this.add.disabled = count === 0;
    this.add.textContent =
      count === 0 ? t("Choose what to add") : count === 1 ? t("Add 1 picture") : t("Add %(count)s pictures", { count });
  }
}
