import { t } from "../ui/text";
import { icon } from "../ui/icon";
import type { MemberView } from "./member";

/**
 * Everyone's voice, apart from their pictures: a tile may come and go, the voice goes on. Where the browser wants a tap
 * before it makes a sound, a button asks for it.
 */
export class Voices {
  private readonly players = new Map<string, HTMLAudioElement>();
  private readonly ask = document.createElement("button");

  constructor(private readonly parent: HTMLElement) {
    this.ask.type = "button";
    this.ask.className = "room-button main call-hear";
    this.ask.append(icon("volume-2"), t("Tap to hear"));
    this.ask.addEventListener("click", () => this.players.forEach((player) => this.start(player)));
  }

  play(members: readonly MemberView[]): void {
    const present = new Set(members.map((member) => member.participantId));
    for (const [id, player] of this.players) {
      if (!present.has(id)) {
        stop(player);
        this.players.delete(id);
      }
    }
    for (const { participantId, stream } of members) {
      const player = this.players.get(participantId) ?? new Audio();
      this.players.set(participantId, player);
      if (stream !== null && player.srcObject !== stream) {
        player.srcObject = stream;
        this.start(player);
      }
    }
  }

  close(): void {
    this.players.forEach(stop);
    this.players.clear();
    this.ask.remove();
  }

  private start(player: HTMLAudioElement): void {
    player.play().then(
      () => this.ask.remove(),
      (error: unknown) => {
        // AbortError: a newer stream took over, which is started by itself.
        if (error instanceof DOMException && error.name === "NotAllowedError") {
          this.parent.append(this.ask);
        }
      },
    );
  }
}

function stop(player: HTMLAudioElement): void {
  player.pause();
  player.srcObject = null;
}
