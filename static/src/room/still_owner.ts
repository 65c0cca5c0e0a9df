import { canRecord, ClipRing, recordFor } from "../call/clip_ring";
import type { Capture } from "../call/capture";
import { fullStill } from "../call/still_frame";
import type { CaseQueue } from "../capture/page_queue";
import { percent } from "../capture/sizes";
import type { Connection } from "../realtime/connection";
import { CommandError } from "../realtime/errors";
import type { ReportStill, StillAsked } from "../realtime/protocol";
import { t } from "../ui/text";
import type { BarAct, StillBar } from "./still_bar";

export interface OwnerOptions {
  readonly connection: Pick<Connection, "request" | "onStatus">;
  readonly capture: Capture;
  readonly queue: CaseQueue;
  readonly bar: StillBar;
}

interface Taken {
  readonly file: File;
  readonly width: number;
  readonly height: number;
}

const WARNING_S = 3;
const CLIP_MS = 5000;
const PASSING = new Set(["offline", "timeout", "too_many", "error"]);
const AGAIN_MS = 2000;

/** The side whose camera it is: says who asks, lets the person refuse, takes the picture and sends it to the case. */
export class StillOwner {
  private busy = false;
  private ring: { readonly track: MediaStreamTrack; readonly clips: ClipRing } | null = null;

  constructor(private readonly options: OwnerOptions) {
    // A camera that was turned off or changed is not recorded any more.
    options.capture.on("changed", () => this.ring?.track !== options.capture.videoTrack && this.dropRing());
  }

  async asked(fact: StillAsked): Promise<void> {
    if (this.busy) {
      await this.report({ request_id: fact.request_id, step: "refused", reason: "busy" });
      return;
    }
    if (!this.options.capture.videoOn || (fact.kind === "clip" && !canRecord())) {
      await this.report({ request_id: fact.request_id, step: "refused", reason: "no_camera" });
      this.options.bar.end("camera", t("%(name)s asked for a picture, but your camera is off.", { name: fact.name }));
      return;
    }
    this.busy = true;
    try {
      if (await this.agreed(fact)) {
        await this.take(fact);
      } else {
        await this.report({ request_id: fact.request_id, step: "refused", reason: "declined" });
        this.options.bar.end("ban", t("No picture was taken."));
      }
    } finally {
      this.busy = false;
    }
  }

  /** The person's own wish: no question, the same way into the case. */
  async takeOwn(): Promise<void> {
    if (this.busy) {
      return;
    }
    this.busy = true;
    try {
      await this.send(await this.still(), null);
    } catch {
      this.options.bar.end("triangle-alert", t("The camera gave no picture. Turn it off and on, then try again."));
    } finally {
      this.busy = false;
    }
  }

  /** A few seconds in which the person may refuse; a hand that holds a probe need do nothing. */
  private agreed(fact: StillAsked): Promise<boolean> {
    const { name, kind } = fact;
    return new Promise((resolve) => {
      let left = WARNING_S;
      const decide = (yes: boolean): void => {
        clearInterval(timer);
        resolve(yes);
      };
      const acts: BarAct[] = [
        { icon: "camera", words: t("Take it now"), main: true, act: () => decide(true) },
        { icon: "ban", words: t("Not now"), act: () => decide(false) },
      ];
      const draw = (): void => {
        const sentence =
          kind === "still"
            ? t("%(name)s asks for a picture from your camera. It is taken in %(left)s s.", { name, left })
            : t("%(name)s asks for a clip from your camera. It begins in %(left)s s.", { name, left });
        this.options.bar.say("camera", sentence, acts);
      };
      const timer = setInterval(() => {
        left -= 1;
        if (left <= 0) {
          decide(true);
        } else {
          draw();
        }
      }, 1000);
      draw();
    });
  }

  private async take(fact: StillAsked): Promise<void> {
    const { bar } = this.options;
    void this.report({ request_id: fact.request_id, step: "taking" });
    bar.say("camera", fact.kind === "still" ? t("Taking the picture. Hold still.") : t("Recording 5 s. Hold still."));
    try {
      await this.send(await (fact.kind === "still" ? this.still() : this.clip()), fact);
    } catch (error) {
      const gone = !this.options.capture.videoOn;
      console.warn("no picture could be taken:", error);
      await this.report({ request_id: fact.request_id, step: "refused", reason: gone ? "no_camera" : "failed" });
      bar.end("triangle-alert", t("The camera gave no picture. Turn it off and on, then try again."));
    }
  }

  private async still(): Promise<Taken> {
    const taken = await this.options.capture.lendCamera(fullStill);
    if (taken === null) {
      throw new Error("the camera is off");
    }
    const ending = taken.blob.type === "image/png" ? "png" : "jpg";
    return { file: named(taken.blob, "still", ending), width: taken.width, height: taken.height };
  }

  private async clip(): Promise<Taken> {
    const track = this.options.capture.videoTrack;
    if (track === null) {
      throw new Error("the camera is off");
    }
    const { width = 0, height = 0 } = track.getSettings();
    const kept = this.ring?.track === track ? await this.ring.clips.take() : null;
    const blob = kept ?? (await recordFor(track, CLIP_MS));
    return { file: named(blob, "clip", blob.type === "video/mp4" ? "mp4" : "webm"), width, height };
  }

  /** Puts it into the case's queue, and follows it until the server has it. */
  private async send(taken: Taken, fact: StillAsked | null): Promise<void> {
    const { queue } = this.options;
    const size = { width: taken.width, height: taken.height };
    const [key] = await queue.add([{ file: taken.file }]);
    if (fact) {
      void this.report({ request_id: fact.request_id, step: "waiting", ...size });
    }
    let told = fact === null;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        const transfer = queue.transfers.find((one) => one.key === key);
        if (typeof transfer?.uploadId === "string" && !told && fact) {
          told = true;
          void this.report({ request_id: fact.request_id, step: "taken", upload_id: transfer.uploadId, ...size });
        }
        if (told && (transfer === undefined || transfer.state === "sent" || transfer.state === "refused")) {
          off();
          resolve();
        } else {
          const share = transfer === undefined ? 0 : transfer.sent / Math.max(1, transfer.size);
          this.drawSending(taken, share, transfer?.reason ?? null, () => {
            off();
            resolve();
          });
        }
      };
      const off = queue.onChange(look);
      look();
    });
    this.options.bar.end("check", t("The picture is in the case."));
  }

  private drawSending(taken: Taken, share: number, reason: string | null, away: () => void): void {
    const { width, height } = taken;
    const done = percent(share, 1);
    const sentence = reason ?? t("Taken: %(width)s × %(height)s. Sending %(done)s %%", { width, height, done });
    const acts: BarAct[] = [{ icon: "x", words: t("Put away"), act: away }];
    if (taken.file.name.startsWith("clip") && canRecord()) {
      const on = this.ring !== null;
      acts.unshift({
        icon: on ? "ban" : "history",
        words: on ? t("Stop keeping clips") : t("Keep the last 8 s ready"),
        act: () => this.toggleRing(),
      });
    }
    this.options.bar.say("upload", sentence, acts, share);
  }

  private toggleRing(): void {
    const track = this.options.capture.videoTrack;
    if (this.ring !== null || track === null) {
      this.dropRing();
    } else {
      this.ring = { track, clips: new ClipRing(track) };
    }
  }

  private dropRing(): void {
    this.ring?.clips.close();
    this.ring = null;
  }

  /** Tells the server; what a weak link swallows is told again. A request that is over is nobody's concern. */
  private async report(said: ReportStill): Promise<void> {
    for (;;) {
      try {
        await this.options.connection.request("report_still", said);
        return;
      } catch (error) {
        if (!(error instanceof CommandError) || !PASSING.has(error.code)) {
          return;
        }
        await this.linkUp();
      }
    }
  }

  private linkUp(): Promise<void> {
    return new Promise((resolve) => {
      const off = this.options.connection.onStatus(({ status }) => {
        if (status === "up") {
          setTimeout(() => {
            off();
            resolve();
          }, AGAIN_MS);
        }
      });
    });
  }
}

/** A file name that says what it is and when, in the tablet's own time. */
function named(blob: Blob, what: string, ending: string): File {
  const now = new Date();
  const part = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${part(now.getMonth() + 1)}-${part(now.getDate())}`;
  const time = `${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`;
  return new File([blob], `${what}-${day}-${time}.${ending}`, { type: blob.type, lastModified: now.getTime() });
}
