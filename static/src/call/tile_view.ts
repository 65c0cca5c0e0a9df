import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { duration } from "../ui/when";
import type { OwnView } from "./call";
import { systemClock } from "./clock";
import type { MemberView } from "./member";
import { ageWords, StillView } from "./still_view";
import type { Still } from "./stills";

export interface PersonWords {
  readonly name: string;
  /** Their part in the consult, in the reader's language. */
  readonly role: string;
}

/** What can be enlarged over the stage. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  readonly stream: MediaStream | null;
  /** Whether there is a picture to show. */
  readonly hasPicture: boolean;
  /** Milliseconds (the call's clock) since when it stands still; null while it moves. */
  readonly frozenSince: number | null;
  readonly mirrored: boolean;
  /** A still in place of the moving picture. */
  readonly still?: Still | null;
}

export const OWN_ID = "own";

/** How old a picture is that stands still, in words; "" while it moves. */
export function frozenWords(since: number | null): string {
  return since === null ? "" : t("%(age)s old", { age: duration((systemClock.now() - since) / 1000) });
}

const SPEAKING_LEVEL = 0.02;
const SPEAKING_LASTS_MS = 600;

type Mood = "speaking" | "muted" | "weak" | "reconnecting" | "quiet";

function firstLetter(word: string): string {
  if (!("Segmenter" in Intl)) {
    return word.charAt(0);
  }
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
  return first?.segment ?? "";
}

/** The first letters of the first and last part of a name; titles say nothing about who it is. */
export function initials(name: string): string {
  const parts = name.split(/\s+/).filter((part) => part !== "" && !/^(dr|prof|mr|mrs|ms)\.?$/i.test(part));
  const ends = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return ends.map((part) => firstLetter(part ?? "")).join("").toUpperCase();
}

const ICONS: Readonly<Record<Mood, string | null>> = {
  speaking: "volume-2",
  muted: "mic-off",
  weak: "signal-low",
  reconnecting: "wifi-off",
  quiet: null,
};

function moodWords(mood: Mood): string {
  switch (mood) {
    case "speaking":
      return t("speaking");
    case "muted":
      return t("muted");
    case "weak":
      return t("weak link");
    case "reconnecting":
      return t("reconnecting");
    case "quiet":
      return "";
  }
}

/** One round tile: picture or initials in a ring, the state as shape and word, the name under it. */
class Tile {
  readonly element = document.createElement("button");
  readonly video = document.createElement("video");
  private readonly still = new StillView();
  private readonly letters = document.createElement("span");
  private readonly badge = document.createElement("span");
  private readonly name = document.createElement("span");
  private readonly word = document.createElement("span");
  private readonly more = document.createElement("span");
  private mood: Mood | null = null;

  constructor(id: string, onTap: () => void) {
    this.element.type = "button";
    this.element.className = "call-tile";
    this.element.dataset.participant = id;
    this.element.addEventListener("click", onTap);
    this.video.muted = true; // the voice has a player of its own
    this.video.autoplay = true;
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.letters.className = "call-letters";
    this.letters.setAttribute("aria-hidden", "true");
    this.badge.className = "call-badge";
    this.name.className = "call-name";
    this.word.className = "call-word";
    this.more.className = "visually-hidden";
    const ring = document.createElement("span");
    ring.className = "call-ring";
    ring.append(this.letters, this.video, this.still.element, this.badge);
    // The space keeps what is read out apart: in between stand only boxes.
    this.element.append(ring, this.name, " ", this.word, this.more);
  }

  /** `fullName` gives the letters that stand in for a picture, `role` is read out after the name. */
  draw(name: string, fullName: string, role: string, subject: Subject): void {
    this.name.textContent = name;
    this.letters.textContent = initials(fullName);
    this.more.textContent = ["", role, t("Show larger")].filter((part, at) => at === 0 || part !== "").join(", ");
    this.element.title = role === "" ? name : `${name}, ${role}`;
    this.still.draw(subject.still ?? null);
    this.video.hidden = !subject.hasPicture || this.still.isShown;
    this.video.classList.toggle("mirrored", subject.mirrored);
    this.video.classList.toggle("frozen", subject.frozenSince !== null);
    if (this.video.srcObject !== subject.stream) {
      this.video.srcObject = subject.stream;
    }
  }

  setMood(mood: Mood, words = moodWords(mood)): void {
    if (mood !== this.mood) {
      const drawing = ICONS[mood];
      this.mood = mood;
      this.element.dataset.mood = mood;
      this.badge.replaceChildren(...(drawing === null ? [] : [icon(drawing)]));
    }
    if (this.word.textContent !== words) {
      this.word.textContent = words;
    }
  }
}

export class PersonTile {
  private readonly tile: Tile;
  private member: MemberView | null = null;
  private words: PersonWords = { name: "", role: "" };
  private heardAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly id: string,
    onTap: () => void,
  ) {
    this.tile = new Tile(id, onTap);
  }

  get element(): HTMLElement {
    return this.tile.element;
  }

  subject(): Subject {
    const { member } = this;
    const still = member?.still ?? null;
    const frozenSince = still === null ? (member?.frozenSince ?? null) : null;
    const shows = member !== null && (member.pictureMoving || frozenSince !== null);
    const hasPicture = shows && member.video && member.stream !== null;
    const stream = member?.stream ?? null;
    return { id: this.id, name: this.words.name, stream, hasPicture, frozenSince, mirrored: false, still };
  }

  draw(member: MemberView, words: PersonWords): void {
    this.member = member;
    this.words = words;
    this.tile.draw(words.name, words.name, words.role, this.subject());
    this.drawMood();
  }

  setLevel(level: number): void {
    if (level > SPEAKING_LEVEL) {
      this.heardAt = performance.now();
    }
    this.drawMood();
  }

  private drawMood(): void {
    if (this.member === null) {
      return;
    }
    const { connection, audio, still } = this.member;
    const isSpeaking = performance.now() - this.heardAt < SPEAKING_LASTS_MS;
    if (connection === "reconnecting" || connection === "failed") {
      this.tile.setMood("reconnecting");
    } else if (connection === "connecting") {
      this.tile.setMood("quiet", t("connecting"));
    } else {
      const mood = connection === "weak" ? "weak" : !audio ? "muted" : isSpeaking ? "speaking" : "quiet";
      const age = still === null ? frozenWords(this.member.frozenSince) : ageWords(still);
      this.tile.setMood(mood, age === "" ? moodWords(mood) : age);
    }
  }
}

/** Our own tile; the front camera is mirrored, as people know themselves, the rear one never. */
export class OwnTile {
  private readonly tile: Tile;
  private own: OwnView | null = null;
  private stream: MediaStream | null = null;

  constructor(
    private readonly name: string,
    onTap: () => void,
  ) {
    this.tile = new Tile(OWN_ID, onTap);
  }

  get element(): HTMLElement {
    return this.tile.element;
  }

  subject(): Subject {
    const mirrored = this.own?.camera === "front";
    return { id: OWN_ID, name: t("You"), stream: this.stream, hasPicture: this.stream !== null, frozenSince: null, mirrored };
  }

  draw(own: OwnView, isInCall: boolean): void {
    this.own = own;
    const [shown] = this.stream?.getTracks() ?? [];
    if ((shown ?? null) !== own.videoTrack) {
      this.stream = own.videoTrack === null ? null : new MediaStream([own.videoTrack]);
    }
    this.tile.element.hidden = !isInCall;
    this.tile.draw(t("You"), this.name, "", this.subject());
    this.tile.setMood(own.audio ? (own.level > SPEAKING_LEVEL ? "speaking" : "quiet") : "muted");
  }
}
