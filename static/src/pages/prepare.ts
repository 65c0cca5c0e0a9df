/** Preparing a request: each part saves itself; the bar at the foot says what is missing, and sends. */
import "../styles/consult.css";
import { Autosave, type Edit, type Saved, type Shelf, type Stored } from "../capture/autosave";
import { ConsentStep } from "../capture/consent";
import { mountPictures, type Pictures } from "../capture/pictures";
import { SavingFields } from "../capture/saving_fields";
import { ApiError, getJson, patchJson, postJson } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";

interface Need {
  readonly step: string;
  readonly field: string;
  readonly words: string;
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`the page lacks #${id}`);
  }
  return element;
}

function shelf(url: string): Shelf {
  return {
    save: (edit: Edit) => patchJson<Saved>(url, edit),
    read: async (field: string): Promise<Stored> => {
      const { fields } = await getJson<{ fields: Record<string, Stored> }>(url);
      const stored = fields[field];
      if (!stored) {
        throw new ApiError("not_found", t("This could not be read. Load the page again."));
      }
      return stored;
    },
  };
}

class Prepare {
  private readonly root = byId("prepare");
  private readonly consultUrl = `/consults/${this.root.dataset.consult ?? ""}`;
  private readonly saves = { case: new Autosave(shelf(this.caseUrl())), consult: new Autosave(shelf(this.apiUrl())) };
  private readonly fields = {
    case: new SavingFields(this.root, "case", this.saves.case),
    consult: new SavingFields(this.root, "consult", this.saves.consult),
  };
  private readonly consent = new ConsentStep(byId("consent"), this.root.dataset.case ?? "", () => this.update());
  private readonly pictures: Pictures | undefined = mountPictures();
  private readonly needs = JSON.parse(byId("needs").textContent) as Need[];
  private readonly send = byId("send") as HTMLButtonElement;
  private requested = false;

  constructor() {
    this.saves.case.onState(() => this.update());
    this.saves.consult.onState(() => this.update());
    this.root.addEventListener("input", () => this.update());
    this.root.addEventListener("change", () => this.update());
    this.pictures?.onChange(() => this.update());
    this.send.addEventListener("click", () => void this.request());
    addEventListener("online", () => this.eachSave((save) => save.wake()));
    addEventListener("beforeunload", (event) => this.leaving(event));
    addEventListener("visibilitychange", () => this.eachSave((save) => void save.flush()));
    this.update();
  }

  private caseUrl(): string {
    return `/api/cases/${this.root.dataset.case ?? ""}`;
  }

  private apiUrl(): string {
    return `/api${this.consultUrl}`;
  }

  private eachSave(act: (save: Autosave) => void): void {
    act(this.saves.case);
    act(this.saves.consult);
  }

  private missing(): Need[] {
    const given: Readonly<Record<string, boolean>> = {
      complaint: this.fields.case.value("complaint").trim() !== "",
      consent: this.consent.isGiven,
      specialty: this.fields.consult.value("specialty") !== "",
      question: this.fields.consult.value("question").trim() !== "",
    };
    return this.needs.filter((need) => !given[need.field]);
  }

  private update(): void {
    if (this.requested) {
      this.afterRequest();
      return;
    }
    const missing = this.missing();
    byId("missing").replaceChildren(...missing.map((need) => this.missingLine(need)));
    byId("all-saved").hidden = missing.length > 0 && !this.unsavedWords();
    byId("all-saved").querySelector("span")?.replaceChildren(this.unsavedWords() || t("Everything is saved as you write."));
    for (const sign of this.root.querySelectorAll<HTMLElement>("[data-sign]")) {
      this.sign(sign, missing);
    }
    // Never disabled: pressed too early, it leads to what is missing.
    this.send.classList.toggle("incomplete", missing.length > 0);
  }

  private unsavedWords(): string {
    if (this.saves.case.stuck || this.saves.consult.stuck) {
      return t("One field is not saved: look at the words under it.");
    }
    return "";
  }

  private missingLine(need: Need): HTMLElement {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#step-${need.step}`;
    link.append(icon("circle"), need.words);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.goTo(need);
    });
    line.append(link);
    return line;
  }

  private goTo(need: Need): void {
    byId(`step-${need.step}`).scrollIntoView({ block: "start" });
    document.getElementById(need.field)?.focus({ preventScroll: true });
  }

  private sign(sign: HTMLElement, missing: readonly Need[]): void {
    const step = sign.dataset.sign ?? "";
    const lacks = missing.some((need) => need.step === step);
    const optional = !this.needs.some((need) => need.step === step);
    const words = lacks ? t("still to do") : optional ? t("optional") : t("done");
    const state = lacks ? "todo" : optional ? "optional" : "done";
    if (sign.dataset.state !== state) {
      sign.dataset.state = state;
      sign.replaceChildren(...(optional ? [words] : [icon(lacks ? "circle" : "circle-check"), words]));
    }
  }

  private async request(): Promise<void> {
    this.send.disabled = true;
    await this.consent.settled;
    this.send.disabled = false;
    const [first] = this.missing();
    if (first) {
      this.goTo(first);
      return;
    }
    this.send.disabled = true;
    this.say(t("Sending the request…"));
    try {
      const saved = (await this.saves.case.flush()) && (await this.saves.consult.flush());
      if (!saved) {
        this.say(t("Not sent: something on this page is not saved yet. Look at the words under the fields."), true);
        return;
      }
      await postJson(`${this.apiUrl()}/request`);
      this.requested = true;
      this.afterRequest();
    } catch (error) {
      this.say(error instanceof ApiError ? error.message : t("The request could not be sent. Try again."), true);
    } finally {
      this.send.disabled = false;
    }
  }

  /** The request has left; the page stays for as long as pictures are sent from it that another page could not send. */
  private afterRequest(): void {
    const left = this.pictures?.queue.atRisk.length ?? 0;
    if (left === 0) {
      location.assign(this.consultUrl);
      return;
    }
    document.body.classList.add("is-requested");
    this.say(t("The specialists have your request. Files still being sent: %(count)s. Keep this page open.", { count: left }));
    byId("missing").replaceChildren();
    this.send.hidden = true;
  }

  private say(words: string, trouble = false): void {
    const line = byId("all-saved");
    line.hidden = false;
    line.classList.toggle("trouble", trouble);
    line.querySelector("span")?.replaceChildren(words);
  }

  private leaving(event: BeforeUnloadEvent): void {
    const unsaved = this.saves.case.unsaved || this.saves.consult.unsaved;
    if (unsaved) {
      event.preventDefault();
    }
  }
}

new Prepare();
