import { ApiError, postJson } from "../ui/api";
import { t } from "../ui/text";

interface ConsentFacts {
  readonly id: string;
  readonly asked_by: string;
  readonly given_by_words: string;
  readonly language_name: string;
}

function find(root: ParentNode, selector: string): HTMLElement {
  const element = root.querySelector<HTMLElement>(selector);
  if (!element) {
    throw new Error(`the consent step lacks ${selector}`);
  }
  return element;
}

/** The consent step: the text in the chosen language, read aloud if wanted, and the answer as it is recorded. */
export class ConsentStep {
  /** Resolves when no answer is on its way to the server. */
  settled: Promise<void> = Promise.resolve();
  private language = "";
  private readonly given: HTMLElement;
  private readonly ask: HTMLElement;
  private readonly error: HTMLElement;
  private readonly withdrawButton: HTMLElement;
  private readonly readButton: HTMLElement;

  constructor(
    private readonly root: HTMLElement,
    private readonly caseId: string,
    private readonly changed: () => void,
  ) {
    this.given = find(root, "[data-given]");
    this.ask = find(root, "[data-ask]");
    this.error = find(root, "[data-consent-error]");
    this.withdrawButton = find(root, "[data-withdraw]");
    this.readButton = find(root, "[data-read]");
    for (const tab of root.querySelectorAll<HTMLElement>("[data-language]")) {
      tab.addEventListener("click", () => this.choose(tab.dataset.language ?? ""));
    }
    find(root, "[data-record]").addEventListener("click", () => this.begin(() => this.record()));
    this.withdrawButton.addEventListener("click", () => this.begin(() => this.withdraw()));
    this.readButton.addEventListener("click", () => this.read());
    this.readButton.hidden = !("speechSynthesis" in window);
    addEventListener("pagehide", () => this.hush());
    this.choose(find(root, "[data-language]").dataset.language ?? "");
  }

  get isGiven(): boolean {
    return !this.given.hidden;
  }

  private choose(language: string): void {
    this.language = language;
    this.hush();
    for (const tab of this.root.querySelectorAll<HTMLElement>("[data-language]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.language === language));
    }
    for (const text of this.root.querySelectorAll<HTMLElement>("[data-text]")) {
      text.hidden = text.dataset.text !== language;
    }
  }

  private text(): HTMLElement {
    return find(this.root, `[data-text="${this.language}"]`);
  }

  private async record(): Promise<void> {
    const answered = this.root.querySelector<HTMLInputElement>("input[name=given_by]:checked");
    if (!answered) {
      throw new ApiError("invalid", t("Say who answered: the patient or a guardian."));
    }
    const facts = await postJson<ConsentFacts>(`/api/cases/${this.caseId}/consents`, {
      version: this.text().dataset.version,
      language: this.language,
      given_by: answered.value,
    });
    this.hush();
    this.withdrawButton.dataset.consent = facts.id;
    const words = t("%(who)s agreed, in %(language)s.", { who: facts.given_by_words, language: facts.language_name });
    find(this.root, "[data-given-words]").textContent = `${words} ${t("Asked by %(name)s.", { name: facts.asked_by })}`;
    this.show(true);
  }

  private async withdraw(): Promise<void> {
    await postJson(`/api/consents/${this.withdrawButton.dataset.consent ?? ""}/withdraw`);
    this.show(false);
  }

  private show(given: boolean): void {
    this.given.hidden = !given;
    this.ask.hidden = given;
    this.changed();
  }

  private begin(act: () => Promise<void>): void {
    this.settled = this.settled.then(() => this.try(act));
  }

  private async try(act: () => Promise<void>): Promise<void> {
    this.error.hidden = true;
    try {
      await act();
    } catch (error) {
      this.error.textContent = error instanceof ApiError ? error.message : t("This could not be saved. Try again.");
      this.error.hidden = false;
    }
  }

  private read(): void {
    if (speechSynthesis.speaking) {
      this.hush();
      return;
    }
    for (const part of this.text().querySelectorAll("h3, p")) {
      const speech = new SpeechSynthesisUtterance(part.textContent);
      speech.lang = `${this.language}-IN`;
      speech.rate = 0.95;
      speech.onend = () => this.sayReading();
      speechSynthesis.speak(speech);
    }
    this.sayReading(true);
  }

  private hush(): void {
    if ("speechSynthesis" in window) {
      speechSynthesis.cancel();
    }
    this.sayReading(false);
  }

  private sayReading(reading: boolean = speechSynthesis.speaking || speechSynthesis.pending): void {
    find(this.readButton, "span").textContent = reading ? t("Stop reading") : t("Read aloud");
  }
}
