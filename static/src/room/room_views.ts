import { fetchViews, type Retake, type Views, waiting } from "../guards/views";
import type { ViewsPanel } from "../guards/views_panel";
import type { CaseQueue } from "../capture/page_queue";
import type { Connection } from "../realtime/connection";
import type { ViewsChanged } from "../realtime/protocol";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { isHeld } from "../viewport/held_picture";
import type { CasePictures } from "./case_pictures";

const SOON_MS = 500;

export interface RoomViewsOptions {
  readonly caseId: string;
  readonly connection: Pick<Connection, "on" | "onConnect">;
  readonly pictures: CasePictures;
  readonly queue: CaseQueue | null;
  readonly show: (instanceId: string) => void;
  readonly say: (sentence: string, kind?: "info" | "warning") => void;
  /** The number of waiting requests changed. */
  readonly changed: () => void;
}

/** Views in the room: how many are asked for, the sentence when one is, and the sheet that holds them all. */
export class RoomViews {
  private views: Views | undefined;
  private panel: ViewsPanel | undefined;
  private soon: ReturnType<typeof setTimeout> | undefined;
  private readonly dialog = document.createElement("dialog");

  constructor(
    private readonly main: HTMLElement,
    private readonly options: RoomViewsOptions,
  ) {
    options.connection.on("views_changed", (news) => void this.heard(news));
    options.pictures.onChange(() => this.picturesChanged());
    void this.load();
  }

  get count(): number {
    return waiting(this.views);
  }

  /** Opens the sheet; what it is made of is fetched the first time. */
  async open(): Promise<void> {
    if (!this.panel) {
      const { ViewsPanel } = await import("../guards/views_panel");
      this.panel ??= new ViewsPanel({
        caseId: this.options.caseId,
        queue: this.options.queue,
        pictures: () => this.pickable(),
        show: (id) => {
          this.dialog.close();
          this.options.show(id);
        },
      });
      this.furnish(this.panel);
    }
    void this.panel.refresh();
    this.dialog.showModal();
  }

  /** Asks the server again: after a lost link, facts in between were missed. */
  async load(): Promise<void> {
    try {
      this.views = await fetchViews(this.options.caseId);
      this.panel?.take(this.views);
      this.options.changed();
    } catch {
      // The next fact or connection asks again.
    }
  }

  /** A picture that came may be the one that a request waits for. */
  private picturesChanged(): void {
    if (this.views?.retakes.some((retake) => retake.coming > 0)) {
      this.soon ??= setTimeout(() => {
        this.soon = undefined;
        void this.load();
      }, SOON_MS);
    }
    if (this.panel && this.views) {
      this.panel.take(this.views);
    }
  }

  private pickable(): { id: string; name: string; thumbnail: string | null }[] {
    return this.options.pictures.instances
      .filter((instance) => instance.state !== "unusable" && !isHeld(instance))
      .map((instance) => ({
        id: instance.id,
        name: [instance.modality, instance.description].filter((part) => part !== "").join(" ") || instance.file_name,
        thumbnail: instance.renditions.thumbnail?.url ?? null,
      }));
  }

  private furnish(panel: ViewsPanel): void {
    const title = document.createElement("h2");
    title.id = "views-title";
    title.textContent = t("Views");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.append(icon("x"), t("Back to the stage"));
    close.addEventListener("click", () => this.dialog.close());
    const head = document.createElement("header");
    head.append(title, close);
    this.dialog.className = "views-sheet";
    this.dialog.setAttribute("aria-labelledby", title.id);
    this.dialog.append(head, panel.root);
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.main.append(this.dialog);
  }

  private async heard({ what, retake_id: id }: ViewsChanged): Promise<void> {
    await this.load();
    const retake = this.views?.retakes.find((one) => one.id === id);
    const sentence = retake && this.sentence(what, retake);
    if (sentence) {
      this.options.say(sentence, what === "retake_asked" ? "warning" : "info");
    }
  }

  /** What this person is told of it; "" for what they did themselves or need not know. */
  private sentence(what: ViewsChanged["what"], retake: Retake): string {
    const { may } = this.views ?? {};
    const { words, askedBy, endedBy, reason } = retake;
    if (what === "retake_asked" && may?.answer) {
      return t("%(name)s asks for a view: %(words)s. Open Views to answer.", { name: askedBy, words });
    }
    if (what === "retake_answered" && may?.ask) {
      return t("%(name)s sends the view you asked for: %(words)s", { name: endedBy, words });
    }
    if (what === "retake_declined" && may?.ask) {
      return t("%(words)s cannot be done: %(reason)s", { words, reason });
    }
    return what === "retake_withdrawn" && may?.answer ? t("No longer asked for: %(words)s", { words }) : "";
  }
}
