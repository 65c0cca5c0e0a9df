import type { Connection } from "../realtime/connection";
import { CommandError } from "../realtime/errors";
import type { AskForStill, StillProgressed, StillRefused, StillTaken } from "../realtime/protocol";
import { t } from "../ui/text";
import type { CasePictures } from "./case_pictures";
import type { BarAct, StillBar } from "./still_bar";

export interface AskerOptions {
  readonly connection: Pick<Connection, "request" | "on">;
  readonly pictures: CasePictures;
  readonly bar: StillBar;
  nameOf(participantId: string): string;
  /** Puts a picture on the stage. */
  show(instanceId: string): void;
}

interface Asking {
  readonly of: string;
  readonly kind: AskForStill["kind"];
  request: string;
  taken: StillTaken | null;
}

/** The side that asks: says how far the picture is, and puts it on the stage as soon as something of it shows. */
export class StillAsker {
  private asking: Asking | null = null;

  constructor(private readonly options: AskerOptions) {
    const { connection, pictures } = options;
    connection.on("still_progressed", (fact) => this.progressed(fact));
    connection.on("still_taken", (fact) => this.taken(fact));
    connection.on("still_refused", (fact) => this.refused(fact));
    connection.on("participant_left", ({ participant_id: id }) => this.left(id));
    pictures.onChange(() => this.look());
  }

  async ask(of: string, kind: AskForStill["kind"], track: AskForStill["track"] = "picture"): Promise<void> {
    if (this.asking !== null) {
      return; // a second tap
    }
    const asking: Asking = { of, kind, request: "", taken: null };
    this.asking = asking;
    const name = this.options.nameOf(of);
    this.say("camera", t("Asking %(name)s's camera for a picture…", { name }));
    try {
      const reply = await this.options.connection.request("ask_for_still", { to: of, kind, track });
      asking.request = reply.request_id;
    } catch (error) {
      this.end("triangle-alert", error instanceof CommandError ? error.message : t("This did not work. Try again."));
    }
  }

  private progressed({ request_id: request, step, width, height }: StillProgressed): void {
    if (!this.isMine(request)) {
      return;
    }
    const name = this.options.nameOf(this.asking?.of ?? "");
    if (step === "taking") {
      const still = this.asking?.kind === "still";
      this.say("camera", still ? t("Taking the picture at %(name)s…", { name }) : t("Recording a clip at %(name)s…", { name }));
    } else {
      this.say("upload", t("Taken at %(name)s: %(width)s × %(height)s. It waits to be sent.", { name, width, height }));
    }
  }

  private taken(fact: StillTaken): void {
    if (this.asking && this.isMine(fact.request_id)) {
      this.asking.taken = fact;
      this.look();
    }
  }

  private refused({ request_id: request, reason }: StillRefused): void {
    if (!this.isMine(request)) {
      return;
    }
    const name = this.options.nameOf(this.asking?.of ?? "");
    const words = {
      declined: t("%(name)s does not want a picture taken now.", { name }),
      no_camera: t("%(name)s's camera is off or gone. Ask them to turn it on.", { name }),
      busy: t("A picture is being taken at %(name)s already.", { name }),
      failed: t("The camera at %(name)s gave no picture. Ask again.", { name }),
      gone: t("%(name)s left before the picture was taken.", { name }),
    };
    this.end("ban", words[reason]);
  }

  /** Their line is gone: what they took waits on their device, and comes into the case when they are back. */
  private left(id: string): void {
    if (this.asking?.of === id) {
      const name = this.options.nameOf(id);
      this.end("wifi-off", t("The link to %(name)s is gone. A picture that was taken comes into the case when it is back.", { name }));
    }
  }

  /** Follows the file until something of it can be shown. */
  private look(): void {
    const fact = this.asking?.taken;
    if (!fact) {
      return;
    }
    const file = this.options.pictures.file(fact.upload_id);
    const shown = file?.instances?.find((id) => this.options.pictures.find(id) !== null);
    if (shown !== undefined) {
      this.options.show(shown);
      this.end("check", t("The picture is on the stage and in the case."));
    } else if (file?.state === "refused") {
      this.end("triangle-alert", file.reason ?? t("This file cannot be used."));
    } else {
      const share = file && file.size > 0 ? file.received / file.size : 0;
      const done = Math.round(share * 100);
      this.say("upload", t("Taken: %(width)s × %(height)s. Sending %(done)s %%", { ...sizeOf(fact), done }), share);
    }
  }

  /** The answer that names the request may come after its first fact. */
  private isMine(request: string): boolean {
    return this.asking !== null && (this.asking.request === request || this.asking.request === "");
  }

  private say(name: string, sentence: string, share: number | null = null): void {
    const away: BarAct = { icon: "x", words: t("Put away"), act: () => this.putAway() };
    this.options.bar.say(name, sentence, [away], share);
  }

  private putAway(): void {
    this.asking = null;
    this.options.bar.hide();
  }

  private end(name: string, sentence: string): void {
    this.asking = null;
    this.options.bar.end(name, sentence);
  }
}

function sizeOf({ width, height }: StillTaken): { width: number; height: number } {
  return { width, height };
}
