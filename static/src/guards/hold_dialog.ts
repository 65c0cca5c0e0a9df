import "../styles/guards.css";
import { button, listening, make } from "../record/dom";
import { ApiError, getJson, postJson } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { Field } from "../viewport/parse";

type Decision = "same_patient" | "wrong_patient";

interface Row {
  readonly words: string;
  readonly file: string;
  readonly case: string;
  readonly differs: boolean;
}

interface Question {
  readonly rows: readonly Row[];
  readonly pictures: number;
  readonly fileName: string;
  readonly thumbnail: string | null;
}

function readQuestion(json: unknown): Question | null {
  return new Field(json, "").get("hold").orNull((hold) => ({
    rows: hold
      .get("fields")
      .list()
      .map((row) => ({
        words: row.get("words").text(),
        file: row.get("file").words(),
        case: row.get("case").words(),
        differs: row.get("differs").value === true,
      })),
    pictures: hold.get("pictures").count(1),
    fileName: hold.get("file_name").words(),
    thumbnail: hold.get("thumbnail").orNull((value) => value.text()),
  }));
}

/** Reasons that are met every week, so that nobody has to type them with gloves on. */
function usualReasons(): string[] {
  return [
    t("The name was typed wrongly on the machine"),
    t("The machine still had the last patient's name"),
    t("It is this patient's other or married name"),
  ];
}

function table(rows: readonly Row[]): HTMLElement {
  const head = make("tr", {}, make("td"), make("th", { scope: "col", text: t("In the file") }), make("th", { scope: "col", text: t("In this case") }));
  const lines = rows.map((row) =>
    make(
      "tr",
      row.differs ? { class: "differs" } : {},
      make("th", { scope: "row" }, row.differs ? icon("triangle-alert") : null, row.words, row.differs ? make("span", { class: "visually-hidden", text: t("differs") }) : null),
      make("td", { text: row.file }),
      make("td", { text: row.case || "—" }),
    ),
  );
  return make("table", { class: "hold-table" }, make("thead", {}, head), make("tbody", {}, ...lines));
}

/** The treating doctor decides whose picture a held one is. One at a time; `decided` runs after a decision was taken. */
class HoldDialog {
  private readonly reason = make("textarea", { id: "hold-reason", rows: 2, maxlength: 500 });
  private readonly error = make("p", { class: "field-error", role: "alert", hidden: true });
  private readonly save = button(t("Choose one"), "check", () => void this.decide());
  private readonly why = make("div", { class: "field", hidden: true });
  private readonly dialog: HTMLDialogElement;
  private decision: Decision | null = null;

  constructor(
    private readonly instanceId: string,
    question: Question,
    private readonly decided: () => void,
  ) {
    const title = make("h2", { id: "hold-title", text: t("Whose picture is this?") });
    const article = make("article", {}, title, ...this.content(question), this.actions());
    this.dialog = make("dialog", { class: "hold-dialog", "aria-labelledby": "hold-title" }, article);
    this.dialog.addEventListener("close", () => this.dialog.remove());
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  private content(question: Question): HTMLElement[] {
    const many = question.pictures > 1;
    const told = make("p", { text: t("The file names another patient than this case. Nobody can see the picture until you decide.") });
    const face = question.thumbnail === null ? null : make("img", { class: "hold-face", src: question.thumbnail, alt: question.fileName });
    const top = make("div", { class: "hold-top" }, face, told);
    const count = make("p", { class: "notice", text: t("Your answer holds for all %(count)s pictures that name this person.", { count: question.pictures }) });
    const choices = make(
      "div",
      { class: "choices" },
      this.choice("same_patient", t("It is this patient's picture"), t("It is shown to everybody again, with your reason.")),
      this.choice("wrong_patient", t("It is another patient's picture"), t("It leaves this case and goes to your site's inbox. Nothing is deleted.")),
    );
    this.fillWhy();
    return [top, table(question.rows), ...(many ? [count] : []), choices, this.why, this.error];
  }

  private choice(value: Decision, words: string, what: string): HTMLElement {
    const radio = listening(make("input", { type: "radio", name: "hold-decision", value }), { change: () => this.choose(value) });
    return make("label", { class: "choice" }, radio, make("span", {}, words, make("small", { text: what })));
  }

  private fillWhy(): void {
    const usual = usualReasons().map((words) =>
      listening(make("button", { type: "button", class: "quiet", text: words }), {
        click: () => {
          this.reason.value = words;
          this.error.hidden = true;
        },
      }),
    );
    this.why.append(
      make("label", { for: "hold-reason", text: t("How do you know?") }),
      make("div", { class: "hold-usual" }, ...usual),
      this.reason,
    );
  }

  private choose(decision: Decision): void {
    this.decision = decision;
    this.why.hidden = decision !== "same_patient";
    this.save.disabled = false;
    this.label(decision === "same_patient" ? t("Show it in this case") : t("Take it out of this case"));
  }

  private label(words: string): void {
    const span = this.save.querySelector("span");
    if (span) {
      span.textContent = words;
    }
  }

  private actions(): HTMLElement {
    this.save.disabled = true;
    const later = listening(make("button", { type: "button", class: "quiet", text: t("Decide later") }), {
      click: () => this.dialog.close(),
    });
    return make("div", { class: "actions" }, later, this.save);
  }

  private async decide(): Promise<void> {
    this.save.disabled = true;
    this.error.hidden = true;
    try {
      await postJson(`/imaging/instances/${this.instanceId}/hold`, { decision: this.decision, reason: this.reason.value });
      this.dialog.close();
      this.decided();
    } catch (error) {
      this.refused(error);
    }
  }

  private refused(error: unknown): void {
    this.save.disabled = false;
    this.error.textContent = error instanceof ApiError ? error.message : t("Something went wrong here. Please try again.");
    this.error.hidden = false;
    if (error instanceof ApiError && error.field === "reason") {
      this.reason.focus();
    }
  }
}

/** Asks the treating doctor about a held picture. `say` gets a sentence where there is nothing to decide. */
export async function askWhoseItIs(instanceId: string, decided: () => void, say: (words: string) => void): Promise<void> {
  try {
    const question = readQuestion(await getJson<unknown>(`/imaging/instances/${instanceId}/hold`));
    if (question) {
      new HoldDialog(instanceId, question, decided);
    } else {
      decided(); // decided elsewhere meanwhile
    }
  } catch (error) {
    say(error instanceof ApiError ? error.message : t("Something went wrong here. Please try again."));
  }
}
