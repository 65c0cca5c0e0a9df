import { t } from "../ui/text";
import { made, wordButton } from "./elements";

/** How this person stands to what is shown. */
export type Standing = "nobody" | "showing" | "following" | "offered" | "own";

export interface Candidate {
  readonly participant_id: string;
  readonly name: string;
}

export interface BannerState {
  readonly standing: Standing;
  readonly presenterName: string;
  readonly mayPresent: boolean;
  readonly picture: boolean;
  /** To whom showing can be handed over. */
  readonly candidates: readonly Candidate[];
}

export interface BannerActions {
  take(): void;
  handOver(participant: string): void;
  follow(on: boolean): void;
  keepFollowing(): void;
}

/** On the stage's upper edge: who is showing, and the way out and back. */
export class Banner {
  readonly root = made("div", "stage-banner");
  private readonly words = made("p", "stage-banner-words");
  private readonly buttons = made("div", "stage-banner-buttons");
  private key = "";
  private choosing = false;

  constructor(private readonly actions: BannerActions) {
    this.words.setAttribute("role", "status");
    this.root.append(this.words, this.buttons);
  }

  show(state: BannerState): void {
    const key = JSON.stringify([state, this.choosing]);
    if (key === this.key) {
      return; // rebuilt buttons would lose a finger that is on one
    }
    this.key = key;
    this.root.dataset.standing = state.standing;
    this.root.hidden = state.standing === "nobody" && !(state.mayPresent && state.picture);
    this.words.textContent = wordsOf(state);
    this.buttons.replaceChildren(...this.buttonsOf(state));
  }

  private buttonsOf(state: BannerState): HTMLElement[] {
    const { actions } = this;
    switch (state.standing) {
      case "nobody":
        return state.mayPresent ? [wordButton(t("Show to everyone"), () => actions.take())] : [];
      case "showing":
        return this.handingOver(state);
      case "following":
        return state.mayPresent ? [wordButton(t("Show instead"), () => actions.take())] : [];
      case "offered":
        return [
          wordButton(t("Look on my own"), () => actions.follow(false), true),
          wordButton(t("Keep following"), () => actions.keepFollowing()),
        ];
      case "own": {
        const back = wordButton(t("Back to %(name)s", { name: state.presenterName }), () => actions.follow(true), true);
        return state.mayPresent ? [back, wordButton(t("Show to everyone"), () => actions.take())] : [back];
      }
    }
  }

  private handingOver(state: BannerState): HTMLElement[] {
    const [only, ...others] = state.candidates;
    if (!only) {
      return [];
    }
    const give = (candidate: Candidate, words: string): HTMLElement => {
      const button = wordButton(words, () => {
        this.choosing = false;
        this.actions.handOver(candidate.participant_id);
      });
      button.title = t("Hand over to %(name)s", { name: candidate.name });
      button.setAttribute("aria-label", button.title);
      return button;
    };
    if (others.length === 0) {
      return [give(only, t("Hand over"))];
    }
    if (this.choosing) {
      return state.candidates.map((candidate) => give(candidate, candidate.name));
    }
    const choose = (): void => {
      this.choosing = true;
      this.show(state);
    };
    return [wordButton(t("Hand over"), choose)];
  }
}

function wordsOf({ standing, presenterName: name }: BannerState): string {
  switch (standing) {
    case "nobody":
      return t("Nobody is showing");
    case "showing":
      return t("You are showing");
    case "following":
      return t("%(name)s is showing", { name });
    case "offered":
      return t("%(name)s is showing", { name });
    case "own":
      return t("You look on your own");
  }
}
