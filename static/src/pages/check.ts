import "../styles/check.css";
import { listen, open, playTone } from "../check/devices";
import { linkWords, pathWords, verdictOf, verdictWords, type Findings, type Link } from "../check/findings";
import { measureLink } from "../check/measure";
import { readIceServers } from "../room/ice_servers";
import { postJson } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { Field } from "../viewport/parse";

const LOUD_ENOUGH = 0.02;
const SIGNS = { good: "circle-check", warn: "triangle-alert", waiting: "clock" } as const;

function words(tag: "h2" | "p", text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

/** One thing that is checked: its name, and what was found in a sentence. */
class Part {
  readonly element = document.createElement("section");
  private readonly found = words("p", "", "check-found");

  constructor(title: string, ...more: HTMLElement[]) {
    this.element.className = "check-part";
    this.found.setAttribute("role", "status");
    this.element.append(words("h2", title), this.found, ...more);
  }

  say(sign: keyof typeof SIGNS, sentence: string): void {
    this.element.dataset.sign = sign;
    this.found.replaceChildren(icon(SIGNS[sign]), sentence);
  }
}

/** The check before a call. Nothing waits for it, and what it finds is kept for the site and the hour. */
class Check {
  private readonly meter = document.createElement("meter");
  private readonly video = document.createElement("video");
  private readonly microphone = new Part(t("Microphone"), this.meter);
  private readonly camera = new Part(t("Camera"), this.video);
  private readonly speaker = new Part(t("Speaker"), this.button("volume-2", t("Play a tone"), () => void this.tone()));
  private readonly link = new Part(t("Link"));
  private readonly path = new Part(t("Path"));
  private readonly verdict = words("p", "", "check-verdict");
  private found: Pick<Findings, "microphone" | "camera"> = { microphone: "skipped", camera: "skipped" };
  private measured: Link | null = null;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly place: HTMLElement) {
    this.meter.max = 0.5;
    this.meter.setAttribute("aria-label", t("How loud you are"));
    this.video.muted = true;
    this.video.autoplay = true;
    this.video.playsInline = true;
    this.video.hidden = true;
    this.verdict.setAttribute("role", "status");
    const again = this.button("refresh-cw", t("Check again"), () => location.reload());
    const { onward } = this.place.dataset;
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(again);
    if (onward) {
      const enter = document.createElement("a");
      enter.className = "button large";
      enter.href = onward;
      enter.append(icon("video"), t("Enter the room"));
      actions.append(enter);
    }
    const parts = [this.microphone, this.camera, this.speaker, this.link, this.path].map((part) => part.element);
    place.append(this.verdict, ...parts, actions);
    addEventListener("pagehide", () => this.stops.forEach((stop) => stop()));
  }

  async run(): Promise<void> {
    const json: unknown = JSON.parse(document.getElementById("check-data")?.textContent ?? "{}");
    const servers = readIceServers(new Field(json, "check").get("ice_servers").value);
    this.verdict.textContent = t("Checking the link. This takes up to half a minute.");
    this.speaker.say("waiting", t("Tap to hear a tone of a second."));
    this.path.say("waiting", t("Waiting for the link…"));
    // One after the other: the browser asks for one thing at a time, and the link is measured without them.
    await this.checkMicrophone();
    await this.checkCamera();
    await this.checkLink(servers);
  }

  private async checkMicrophone(): Promise<void> {
    this.microphone.say("waiting", t("Allow the microphone if the browser asks."));
    const found = await open("microphone");
    if ("problem" in found) {
      this.found = { ...this.found, microphone: found.problem.code === "refused" ? "refused" : "missing" };
      this.microphone.say("warn", `${found.problem.sentence} ${found.problem.advice}`);
      return;
    }
    this.found = { ...this.found, microphone: "silent" };
    this.microphone.say("waiting", t("Say a few words."));
    const stop = listen(found.track, (level) => {
      this.meter.value = level;
      if (level > LOUD_ENOUGH && this.found.microphone === "silent") {
        this.found = { ...this.found, microphone: "good" };
        this.microphone.say("good", t("You are heard."));
        void this.keep();
      }
    });
    this.stops.push(stop, () => found.track.stop());
  }

  private async checkCamera(): Promise<void> {
    this.camera.say("waiting", t("Allow the camera if the browser asks."));
    const found = await open("camera");
    if ("problem" in found) {
      this.found = { ...this.found, camera: found.problem.code === "refused" ? "refused" : "missing" };
      this.camera.say("warn", `${found.problem.sentence} ${found.problem.advice}`);
      return;
    }
    this.found = { ...this.found, camera: "good" };
    this.video.srcObject = new MediaStream([found.track]);
    this.video.hidden = false;
    this.camera.say("good", t("This is what the others see."));
    this.stops.push(() => found.track.stop());
  }

  private async checkLink(servers: readonly RTCIceServer[]): Promise<void> {
    const steps: Readonly<Record<string, string>> = {
      ping: t("Measuring the round trip…"),
      path: t("Looking for a path for calls…"),
      down: t("Measuring how fast pictures come…"),
      up: t("Measuring how fast pictures go…"),
    };
    const link = await measureLink(servers, (step) => this.link.say("waiting", steps[step] ?? ""));
    const verdict = verdictOf(link);
    this.measured = link;
    this.link.say(verdict === "picture" || verdict === "stills" ? "good" : "warn", linkWords(link));
    this.path.say(link.path === "blocked" ? "warn" : "good", pathWords(link.path));
    this.verdict.textContent = verdictWords(verdict);
    this.verdict.dataset.verdict = verdict;
    await this.keep();
  }

  /** Kept as soon as the link is known, and again when the microphone is heard. */
  private async keep(): Promise<void> {
    if (this.measured === null) {
      return;
    }
    const findings: Findings = { ...this.measured, ...this.found, verdict: verdictOf(this.measured) };
    await postJson("/api/check", findings).catch(() => undefined); // the person has read it: nothing is lost to them
  }

  private async tone(): Promise<void> {
    this.speaker.say("waiting", t("Playing…"));
    await playTone();
    this.speaker.say("good", t("If you heard nothing, turn the volume up or choose another speaker."));
  }

  private button(name: string, label: string, onTap: () => void): HTMLButtonElement {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiet";
    made.append(icon(name), label);
    made.addEventListener("click", onTap);
    return made;
  }
}

const place = document.getElementById("check");
if (place) {
  void new Check(place).run();
}
