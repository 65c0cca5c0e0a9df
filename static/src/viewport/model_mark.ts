import { icon } from "../ui/icon";
import { ApiError, getJson, putJson } from "../ui/api";
import { t } from "../ui/text";
import type { InstanceManifest } from "./manifest";

const AGAIN_MS = 5000;

type Judgement = "open" | "accepted" | "rejected";

interface Statement {
  readonly id: string;
  readonly text: string;
  readonly probability: number | null;
  readonly frame_number: number | null;
  readonly judgement: Judgement;
  readonly note: string;
  readonly judged_by: string;
}

interface Run {
  readonly id: string;
  readonly label: string;
  readonly approved: string;
  readonly state: "running" | "done" | "failed";
  readonly reason: string | null;
  readonly statements: readonly Statement[];
}

/** Whether this installation has models of its own: said by the page, so that nothing is asked where there are none. */
function isOn(): boolean {
  return document.querySelector('meta[name="site-models"]') !== null;
}

function line(tag: "p" | "strong" | "span", words: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = words;
  return made;
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** A chip beside the picture with what the site's own model said of it; a tap reads it, and accepts or rejects it. */
export class ModelMark {
  readonly root = document.createElement("div");
  private readonly button = document.createElement("button");
  private readonly words = document.createElement("span");
  private readonly panel = document.createElement("div");
  private instance = "";

  constructor() {
    this.root.className = "mark-about mark-model";
    this.root.hidden = true;
    this.button.type = "button";
    this.button.className = "mark-badge mark-about-button";
    this.button.append(icon("info"), this.words);
    this.button.addEventListener("click", () => this.open(this.panel.hidden));
    this.panel.className = "mark-notes model-notes";
    this.panel.id = "model-results";
    this.button.setAttribute("aria-controls", this.panel.id);
    this.root.append(this.panel, this.button);
    this.open(false);
  }

  show(manifest: InstanceManifest): void {
    const wanted = manifest.state === "ready" && manifest.hold?.state !== "open" ? manifest.id : "";
    if (!isOn() || wanted === this.instance) {
      return;
    }
    this.instance = wanted;
    this.root.hidden = true;
    this.open(false);
    if (wanted) {
      void this.load(wanted);
    }
  }

  private async load(id: string): Promise<void> {
    try {
      const { results } = await getJson<{ results: readonly Run[] }>(`/api/instances/${id}/model-results`);
      if (id === this.instance) {
        this.paint(results);
        this.lookAgain(id, results);
      }
    } catch {
      // A guest may not read it, or the link is gone: a picture is shown without its model's words, never the reverse.
      this.root.hidden = true;
    }
  }

  /** While a model is still looking, the panel that was opened must not stay behind. */
  private lookAgain(id: string, runs: readonly Run[]): void {
    if (runs.some((run) => run.state === "running")) {
      setTimeout(() => id === this.instance && void this.load(id), AGAIN_MS);
    }
  }

  private paint(runs: readonly Run[]): void {
    this.root.hidden = runs.length === 0;
    const open = runs.flatMap((run) => run.statements).filter((one) => one.judgement === "open").length;
    const label = runs[0]?.label ?? "";
    this.words.textContent = open > 0 ? `${label} (${open})` : label;
    this.panel.replaceChildren(...runs.map((run) => this.run(run)));
  }

  private run(run: Run): HTMLElement {
    const made = document.createElement("section");
    made.append(line("strong", run.label), line("p", run.approved, "model-approved"));
    if (run.reason) {
      made.append(line("p", run.reason));
    }
    if (run.state === "running") {
      made.append(line("p", t("It is still looking at this picture.")));
    }
    if (run.state === "done" && run.statements.length === 0) {
      made.append(line("p", t("It has nothing to say about this picture.")));
    }
    made.append(...run.statements.map((one) => this.statement(one)));
    return made;
  }

  private statement(one: Statement): HTMLElement {
    const made = document.createElement("div");
    made.className = "model-statement";
    const where = one.frame_number === null ? "" : ` · ${t("frame %(number)s", { number: one.frame_number })}`;
    const sure = one.probability === null ? "" : ` · ${percent(one.probability)}`;
    made.append(line("p", `${one.text}${sure}${where}`));
    if (one.judgement === "open") {
      made.append(this.judging(one));
      return made;
    }
    const decided =
      one.judgement === "accepted"
        ? t("Accepted by %(name)s", { name: one.judged_by })
        : t("Rejected by %(name)s", { name: one.judged_by });
    made.append(line("p", one.note ? `${decided}: ${one.note}` : decided, "model-decided"));
    made.append(this.act(t("Decide again"), () => this.judge(one, "open", "")));
    return made;
  }

  private judging(one: Statement): HTMLElement {
    const form = document.createElement("div");
    const note = document.createElement("input");
    note.maxLength = 500;
    note.placeholder = t("Note (if you like)");
    note.setAttribute("aria-label", note.placeholder);
    const acts = document.createElement("div");
    acts.className = "model-acts";
    acts.append(
      this.act(t("Accept"), () => this.judge(one, "accepted", note.value)),
      this.act(t("Reject"), () => this.judge(one, "rejected", note.value)),
    );
    form.append(note, acts);
    return form;
  }

  private act(words: string, tap: () => void): HTMLButtonElement {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", tap);
    return made;
  }

  private judge(one: Statement, judgement: Judgement, note: string): void {
    const { instance } = this;
    putJson(`/api/model-statements/${one.id}`, { judgement, note })
      .then(() => this.load(instance))
      .catch((error: unknown) => {
        const words = error instanceof ApiError ? error.message : t("Something went wrong. Load the page again.");
        this.panel.prepend(line("p", words, "model-trouble"));
      });
  }

  private open(on: boolean): void {
    this.panel.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
  }
}
