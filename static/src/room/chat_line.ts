import type { CaseQueue } from "../capture/page_queue";
import { percent } from "../capture/sizes";
import type { Attachment, ChatEntry } from "../realtime/protocol";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { say } from "../ui/when";
import { isHeld } from "../viewport/held_picture";
import type { CasePictures } from "./case_pictures";
import type { Unsent, UnsentFile, UnsentMessage } from "./chat_unsent";
import { roleWords } from "./people";

export interface LineOptions {
  readonly me: string;
  readonly pictures: CasePictures;
  readonly queue: CaseQueue | null;
  readonly unsent: Unsent;
  show(instanceId: string): void;
}

function piece(tag: "p" | "span" | "strong", className: string, words: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = words;
  return made;
}

function act(name: string, words: string, onTap: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet chat-act";
  made.append(icon(name), words);
  made.addEventListener("click", onTap);
  return made;
}

function sign(name: string, words: string): HTMLElement {
  const made = piece("p", "chat-attached", "");
  made.append(icon(name), words);
  return made;
}

/** One message's element; drawn again only when what it says has changed. */
export class ChatLine {
  readonly element = document.createElement("li");
  private drawn = "";

  constructor(
    readonly key: string,
    private readonly options: LineOptions,
  ) {}

  /** A message that the server keeps. */
  drawKept(entry: ChatEntry): void {
    const attached = entry.attachment && this.attached(entry.attachment);
    const mine = entry.participant_id === this.options.me;
    this.draw(JSON.stringify([entry.id, attached]), mine ? "mine" : "theirs", () => {
      const who = mine ? t("You") : `${entry.name}, ${roleWords(entry.role)}`;
      return [
        this.who(who, entry.sent_at),
        ...this.words(entry.text),
        ...(attached ? [this.picture(attached)] : []),
      ];
    });
  }

  /** One that waits on this device. */
  drawUnsent(message: UnsentMessage): void {
    const onItsWay = message.file && this.underway(message.file);
    this.draw(JSON.stringify([message.refusal, onItsWay]), "mine unsent", () => {
      const state = message.refusal ?? onItsWay ?? t("Not sent yet. It goes by itself when the link is back.");
      const pieces = [this.who(t("You"), message.writtenAt), ...this.words(message.text)];
      if (message.file) {
        pieces.push(sign("image", message.file.name));
      }
      const mark = piece("p", "chat-state", "");
      mark.append(icon(message.refusal === null ? "clock" : "triangle-alert"), state);
      pieces.push(mark, this.acts(message));
      return pieces;
    });
  }

  private draw(what: string, kind: string, pieces: () => HTMLElement[]): void {
    if (this.drawn !== kind + what) {
      this.drawn = kind + what;
      this.element.className = `chat-line ${kind}`;
      this.element.replaceChildren(...pieces());
    }
  }

  private who(name: string, at: number): HTMLElement {
    const moment = new Date(at);
    const time = document.createElement("time");
    time.dateTime = moment.toISOString();
    time.dataset.time = "when";
    time.textContent = say(moment, "when", new Date());
    const line = piece("p", "chat-who", "");
    line.append(piece("strong", "", name), " ", time);
    return line;
  }

  private words(text: string): HTMLElement[] {
    if (text === "") {
      return [];
    }
    const words = piece("p", "chat-words", text);
    words.dir = "auto";
    return [words];
  }

  /** What is known now of a picture that came with a message: newer than what the message said. */
  private attached(said: Attachment): Attachment & { thumbnail: string | null } {
    const { pictures } = this.options;
    const file = said.upload_id === null ? null : pictures.file(said.upload_id);
    const id = said.instance_id ?? file?.instances?.[0] ?? null;
    const found = id === null ? null : pictures.find(id);
    if (found) {
      const small = found.renditions.thumbnail ?? found.renditions.tablet_preview;
      return { ...said, instance_id: found.id, state: isHeld(found) ? "held" : "there", thumbnail: small?.url ?? null };
    }
    const state = file?.state === "refused" ? "refused" : said.state === "there" && pictures.loaded ? "gone" : said.state;
    return { ...said, state, thumbnail: null };
  }

  private picture(attached: Attachment & { thumbnail: string | null }): HTMLElement {
    const { name, instance_id: id } = attached;
    switch (attached.state) {
      case "coming":
        return sign("upload", t("Picture on its way: %(name)s", { name }));
      case "held":
        return sign("lock", t("Held: this picture names another patient."));
      case "refused":
        return sign("triangle-alert", t("This file could not be used: %(name)s", { name }));
      case "gone":
        return sign("ban", t("This picture was taken out of the case."));
      case "there":
        return this.face(name, id ?? "", attached.thumbnail);
    }
  }

  private face(name: string, id: string, thumbnail: string | null): HTMLElement {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "chat-picture-button";
    made.setAttribute("aria-label", t("Show %(name)s", { name }));
    if (thumbnail === null) {
      made.append(icon("image"), name);
    } else {
      const image = document.createElement("img");
      image.src = thumbnail;
      image.alt = "";
      made.append(image, name);
    }
    made.addEventListener("click", () => this.options.show(id));
    return made;
  }

  /** How the file of an unsent message is getting on; null once only the message itself is left to send. */
  private underway(file: UnsentFile): string | null {
    if (file.uploadId !== null) {
      return null;
    }
    const transfer = this.options.queue?.transfers.find((one) => one.key === file.key);
    if (transfer === undefined) {
      return t("Its picture is not being sent from this device.");
    }
    return transfer.reason ?? t("Not sent yet. Its picture goes first: %(percent)s %%", { percent: percent(transfer.sent, transfer.size) });
  }

  private acts(message: UnsentMessage): HTMLElement {
    const { unsent } = this.options;
    const row = piece("span", "chat-acts", "");
    if (message.refusal !== null) {
      row.append(act("repeat", t("Send again"), () => void unsent.again(message.clientId)));
    }
    if (message.file !== null && message.text !== "" && (message.refusal !== null || message.file.uploadId === null)) {
      row.append(act("send", t("Send without the picture"), () => void unsent.again(message.clientId, true)));
    }
    row.append(act("trash-2", t("Do not send"), () => void unsent.drop(message.clientId)));
    return row;
  }
}
