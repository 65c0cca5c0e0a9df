import { fetchViews, type Retake, type Views, waiting } from "../guards/views";
import type { ViewsPanel } from "../guards/views_panel";
import type { CaseQueue } from "../capture/page_queue";
import type { Connection } from "../realtime/connection";
import type { ViewsChanged } from "../realtime/protocol";
import { Sheet } from "../ui/sheet";
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
  private readonly sheet = new Sheet("views-sheet", t("Views"));

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
          this.sheet.dialog.close();
          this.options.show(id);
        },
      });
      this.sheet.dialog.append(this.panel.root);
      this.main.append(this.sheet.dialog);
    }
    void this.panel.refresh();
    this.sheet.dialog.showModal();
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
        thumbnail: (instance.renditions.thumbnail ?? instance.renditions.tablet_preview)?.url ?? null,
      }));
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
