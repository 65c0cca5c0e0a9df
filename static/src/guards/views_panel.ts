import "../styles/guards.css";
import type { Chosen } from "../capture/chosen";
import { make } from "../record/dom";
import { ApiError, deleteJson, postJson, putJson } from "../ui/api";
import { t } from "../ui/text";
import { type ChecklistActs, examCard, examChooser } from "./checklist_cards";
import type { Pickable } from "./picture_picker";
import { askForm, type RetakeActs, retakeCard } from "./retake_cards";
import { type Queue, RetakeLinks } from "./retake_links";
import { fetchViews, type Views } from "./views";

export interface ViewsPanelOptions {
  readonly caseId: string;
  /** Where files for a request go; null for those who may not send any. */
  readonly queue: Queue | null;
  readonly pictures: () => readonly Pickable[];
  readonly show: ((instanceId: string) => void) | null;
}

/** What is asked for and what is missing: the requests, the form to ask, the checklists. */
export class ViewsPanel implements RetakeActs, ChecklistActs {
  readonly root = make("div", { class: "views-panel" });
  readonly show: ((instanceId: string) => void) | null;
  private readonly error = make("p", { class: "field-error", role: "alert", hidden: true });
  private readonly requests = make("ul", { class: "retakes" });
  private readonly none = make("p", { class: "muted" });
  private readonly asking = make("details", { class: "more" });
  private readonly exams = make("ul", { class: "exams" });
  private readonly chooser = make("div", {});
  private readonly links: RetakeLinks | null;
  private views: Views | undefined;
  private drawn = "";

  constructor(private readonly options: ViewsPanelOptions) {
    this.show = options.show;
    this.links = options.queue && new RetakeLinks(options.caseId, options.queue, () => void this.refresh());
    this.asking.append(make("summary", { text: t("Ask for a view") }));
    this.root.append(
      make("h3", { text: t("Views asked for") }),
      this.none,
      this.requests,
      this.asking,
      this.error,
      make("h3", { text: t("Checklists") }),
      this.exams,
      this.chooser,
    );
    this.none.textContent = t("Looking…");
    void this.refresh();
  }

  /** Asks the server again; what is being typed stays. */
  async refresh(): Promise<void> {
    try {
      this.take(await fetchViews(this.options.caseId));
    } catch (error) {
      this.none.textContent = error instanceof ApiError ? error.message : t("The views cannot be listed just now.");
    }
  }

  take(views: Views): void {
    const first = this.views === undefined;
    this.views = views;
    if (first && views.may.ask) {
      this.asking.append(askForm(views.offered, this));
    }
    this.asking.hidden = !views.may.ask;
    this.draw();
  }

  private draw(): void {
    const { views } = this;
    const key = JSON.stringify([views, this.pictures(), views?.retakes.map((retake) => this.untold(retake.id))]);
    if (!views || key === this.drawn) {
      return;
    }
    this.drawn = key;
    this.none.textContent = views.may.ask ? t("You have asked for nothing yet.") : t("No view is asked for.");
    this.none.hidden = views.retakes.length > 0;
    this.requests.replaceChildren(...views.retakes.map((retake) => retakeCard(retake, views.may, this)));
    this.exams.replaceChildren(...views.exams.map((exam) => examCard(exam, views.may, this)));
    const chooser = views.may.assign ? examChooser(views, this) : null;
    this.chooser.replaceChildren(...(chooser ? [chooser] : []));
  }

  // What the cards ask for -----------------------------------------------------------------------------------------

  pictures(): readonly Pickable[] {
    return this.options.pictures();
  }

  untold(retake: string): number {
    return this.links?.count(retake) ?? 0;
  }

  attempt(act: () => Promise<void>): void {
    this.error.hidden = true;
    act()
      .then(() => this.refresh())
      .catch((error: unknown) => {
        this.error.textContent = error instanceof ApiError ? error.message : t("Something went wrong here. Please try again.");
        this.error.hidden = false;
        this.error.scrollIntoView({ block: "nearest" });
      });
  }

  async ask(asked: { exam: string; view: string; words: string; why: string }): Promise<void> {
    await postJson(`/imaging/cases/${this.options.caseId}/retakes`, asked);
  }

  async send(retake: string, chosen: readonly Chosen[]): Promise<void> {
    await this.links?.send(retake, chosen);
  }

  async link(retake: string, instances: readonly string[]): Promise<void> {
    await postJson(`/imaging/retakes/${retake}/answer`, { instances });
  }

  async decline(retake: string, reason: string): Promise<void> {
    await postJson(`/imaging/retakes/${retake}/decline`, { reason });
  }

  async withdraw(retake: string): Promise<void> {
    await postJson(`/imaging/retakes/${retake}/withdraw`);
  }

  async choose(exam: string): Promise<void> {
    await postJson(`/imaging/cases/${this.options.caseId}/exams`, { exam });
  }

  async drop(examId: string): Promise<void> {
    await deleteJson(`/imaging/exams/${examId}`);
  }

  async assign(examId: string, view: string, instances: readonly string[]): Promise<void> {
    await putJson(`/imaging/exams/${examId}/views/${view}`, { instances });
  }
}
