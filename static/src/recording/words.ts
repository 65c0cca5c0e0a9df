import { t } from "../ui/text";

export interface ConsentText {
  readonly version: string;
  readonly language: string;
  readonly language_name: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly pictures: string;
  readonly question: string;
}

/** The words that people are asked, in every language, as the page brought them. */
export function readTexts(): readonly ConsentText[] {
  return JSON.parse(document.getElementById("recording-words")?.textContent ?? "[]") as ConsentText[];
}

/** Reads sentences aloud where the browser can. */
export class Aloud {
  private shown: HTMLButtonElement | undefined;

  button(sentences: () => readonly string[], language: () => string): HTMLButtonElement | null {
    if (!("speechSynthesis" in window)) {
      return null;
    }
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiet";
    made.textContent = t("Read aloud");
    made.addEventListener("click", () => {
      if (speechSynthesis.speaking) {
        this.hush();
        return;
      }
      for (const sentence of sentences()) {
        const speech = new SpeechSynthesisUtterance(sentence);
        speech.lang = `${language()}-IN`;
        speech.onend = () => speechSynthesis.pending || this.hush();
        speechSynthesis.speak(speech);
      }
      made.textContent = t("Stop reading");
    });
    this.shown = made;
    return made;
  }

  hush(): void {
    if ("speechSynthesis" in window) {
      speechSynthesis.cancel();
    }
    if (this.shown) {
      this.shown.textContent = t("Read aloud");
    }
  }
}
