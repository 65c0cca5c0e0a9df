import type { Call } from "../call/call";
import { pageDevices, type Capture } from "../call/capture";
import type { Enlarged } from "../call/large_view";
import type { CaseQueue } from "../capture/page_queue";
import type { Connection } from "../realtime/connection";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import type { CasePictures } from "./case_pictures";
import type { People } from "./people";
import type { Sources } from "./sources";
import type { StillAsker } from "./still_asker";
import type { StillOwner } from "./still_owner";

export interface StillsOptions {
  readonly connection: Connection;
  readonly call: Call;
  readonly capture: Capture;
  readonly people: People;
  readonly pictures: CasePictures;
  /** Null for those who may not add pictures: nobody can ask them. */
  readonly queue: CaseQueue | null;
  readonly mayAsk: boolean;
  readonly stage: HTMLElement;
  readonly controls: HTMLElement;
  show(instanceId: string): void;
}

const SOON_MS = 2500;
const MAY_ADD = new Set(["treating_doctor", "specialist"]);

/** Stills and clips from each other's cameras: what is offered, and who takes them. Its code is fetched a little later. */
export class Stills {
  private readonly button = document.createElement("button");
  private sources: Sources | undefined;
  private parts: Promise<{ asker: StillAsker; owner: StillOwner | null }> | undefined;

  constructor(private readonly options: StillsOptions) {
    const { connection, call, controls } = options;
    this.button.type = "button";
    this.button.className = "room-button still-ask";
    this.button.append(icon("camera"), t("Take a still"));
    this.button.addEventListener("click", () => void this.ask(this.askable()[0] ?? "", "still"));
    controls.append(this.button);
    connection.on("still_asked", (fact) => void this.ready().then(({ owner }) => owner?.asked(fact)));
    call.on("members", () => this.draw());
    call.on("state", (state) => {
      this.draw();
      if (state.kind === "in") {
        setTimeout(() => void this.ready().catch(() => undefined), SOON_MS); // before the link is gone
      }
    });
    this.draw();
  }

  /** What can be done with somebody's picture, enlarged. */
  actions(id: string): readonly Enlarged[] {
    const { queue, capture } = this.options;
    if (id === "own") {
      const take = { icon: "camera", words: t("Keep a still"), act: () => void this.ready().then(({ owner }) => owner?.takeOwn()) };
      const sources = { icon: "settings", words: t("Sources"), act: () => void this.chooseSource() };
      return queue !== null && capture.videoOn ? [take, sources] : [sources];
    }
    return this.askable().includes(id)
      ? [
          { icon: "camera", words: t("Take a still"), act: () => void this.ask(id, "still") },
          { icon: "video", words: t("Take a clip"), act: () => void this.ask(id, "clip") },
        ]
      : [];
  }

  /** Another camera, a capture card, a window, another microphone. */
  private async chooseSource(): Promise<void> {
    const { capture, stage } = this.options;
    const devices = pageDevices();
    if (devices) {
      const { Sources } = await import("./sources");
      this.sources ??= new Sources(stage, capture, devices);
      await this.sources.open();
    }
  }

  /** Whose camera can be asked: those who may add pictures and have it on. */
  private askable(): string[] {
    const { call, people, mayAsk } = this.options;
    const roles = new Map(people.all.map((person) => [person.participant_id, person.role]));
    const others = mayAsk ? call.memberViews.filter((member) => member.video) : [];
    return others.map((member) => member.participantId).filter((id) => MAY_ADD.has(roles.get(id) ?? ""));
  }

  private async ask(id: string, kind: "still" | "clip"): Promise<void> {
    const { asker } = await this.ready();
    await asker.ask(id, kind);
  }

  private draw(): void {
    this.button.hidden = this.askable().length === 0;
  }

  private ready(): Promise<{ asker: StillAsker; owner: StillOwner | null }> {
    this.parts ??= this.load().catch((error: unknown) => {
      this.parts = undefined;
      throw error;
    });
    return this.parts;
  }

  private async load(): Promise<{ asker: StillAsker; owner: StillOwner | null }> {
    const { StillParts } = await import("./still_parts");
    return new StillParts(this.options);
  }
}
