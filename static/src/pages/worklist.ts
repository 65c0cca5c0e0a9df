/** The worklist: rows come and go by themselves; a new urgent one sounds once and stays marked until it was seen. */
import "../styles/consult.css";
import { Connection } from "../realtime/connection";
import { Chime } from "../ui/chime";
import { LiveRows } from "../ui/live_rows";
import { SeenRows } from "../ui/seen_rows";
import { t } from "../ui/text";

class WorklistPage {
  private readonly element: HTMLElement;
  private readonly title = document.title;
  private readonly chime = new Chime();
  private readonly seen = new SeenRows((row) => this.mark(row));
  private readonly rows: LiveRows;
  private readonly connection = new Connection({ wakeOn: [{ target: window, type: "online" }] });

  constructor(element: HTMLElement) {
    this.element = element;
    this.rows = new LiveRows(element, document.getElementById("link-state"), () => this.drawn());
    this.seen.takeAll(this.requests().map((row) => row.dataset.consult ?? ""));
    this.connection.on("worklist_changed", () => void this.rows.refresh());
    this.connection.onConnect(async () => {
      await this.connection.request("join_worklist", {});
    });
    this.connection.onStatus(({ status }) => this.linked(status));
    this.connection.open();
    this.offerSound();
    this.drawn();
  }

  private requests(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("[data-consult]:not([data-mine])")];
  }

  private linked(status: string): void {
    const line = document.getElementById("link-state");
    if (status === "up") {
      void this.rows.refresh(); // what changed while the link was gone
    } else if (status === "down" && line) {
      line.hidden = false;
      line.textContent = t("The link is gone: new requests do not show. It comes back by itself.");
    }
  }

  private drawn(): void {
    let sound = false;
    for (const row of this.requests()) {
      const id = row.dataset.consult ?? "";
      const fresh = this.seen.isNew(id);
      this.mark(row);
      if (fresh) {
        this.seen.watch(row);
        const first = this.seen.firstTold(id);
        sound ||= first && row.dataset.urgency !== "routine";
        this.announce(row, first);
      }
    }
    if (sound) {
      this.chime.play();
    }
    this.countInTitle();
  }

  private announce(row: HTMLElement, first: boolean): void {
    const line = document.getElementById("announcement");
    if (line && first) {
      const words = row.querySelector(".work-question")?.textContent ?? "";
      line.textContent = t("New request: %(question)s", { question: words });
    }
  }

  private mark(row: HTMLElement): void {
    const fresh = this.seen.isNew(row.dataset.consult ?? "");
    row.classList.toggle("is-new", fresh);
    const sign = row.querySelector<HTMLElement>(".work-new");
    if (sign) {
      sign.hidden = !fresh;
    }
    this.countInTitle();
  }

  private countInTitle(): void {
    const count = this.requests().filter((row) => row.classList.contains("is-new")).length;
    document.title = count > 0 ? `(${count}) ${this.title}` : this.title;
  }

  /** Sound needs one touch of the page; until then a button says so. */
  private offerSound(): void {
    const button = document.getElementById("sound");
    const allow = async (): Promise<void> => {
      const ready = await this.chime.allow();
      if (button) {
        button.hidden = ready;
      }
    };
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => void allow().then(() => this.chime.play()));
    }
    addEventListener("pointerdown", () => void allow(), { once: true });
    addEventListener("keydown", () => void allow(), { once: true });
  }
}

const element = document.getElementById("rows");
if (element) {
  new WorklistPage(element);
}
