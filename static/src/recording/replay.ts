import { mountStage, type Participant, type StageHandle } from "../stage/stage";
import { getJson } from "../ui/api";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { type InstanceManifest, parseManifest } from "../viewport/manifest";
import { type Mark, marksOf, type PastChange, PastStage } from "./past_stage";
import { clockWords, momentAt, secondOf, type Stretch } from "./timeline";

interface ReplayData {
  readonly consult_id: string;
  readonly index: readonly Stretch[];
}

interface History {
  readonly case_id: string;
  readonly participants: readonly { readonly participant_id: string; readonly name: string; readonly role: string }[];
  readonly updates: readonly { readonly at: number; readonly data: string }[];
}

interface CaseJson {
  readonly studies: readonly { readonly instances: readonly unknown[] }[];
}

const LISTENER = { participant_id: "0".repeat(32), name: "", role: "patient" }; // is led, and draws nothing
const FOLLOW_MS = 250;
const JUST_AFTER = 0.05; // seconds: the mark itself must have happened, whatever was rounded

/** What is heard, with the stage as it was at that moment beside it. */
class Replay {
  private past: PastStage | undefined;
  private stage: StageHandle | undefined;
  private readonly pictures = new Map<string, InstanceManifest>();

  constructor(
    private readonly sound: HTMLAudioElement,
    private readonly place: HTMLElement,
    private readonly index: readonly Stretch[],
    private readonly changes: readonly PastChange[],
    private readonly people: readonly Participant[],
    pictures: readonly InstanceManifest[],
  ) {
    pictures.forEach((one) => this.pictures.set(one.id, one));
    sound.addEventListener("seeked", () => this.follow());
    setInterval(() => !sound.paused && this.follow(), FOLLOW_MS);
    this.follow();
  }

  private get moment(): number {
    return momentAt(this.index, this.sound.currentTime) ?? 0;
  }

  private follow(): void {
    if (!this.past?.goTo(this.moment)) {
      this.stage?.destroy();
      this.past = new PastStage(this.changes);
      this.past.goTo(this.moment);
      this.stage = this.mount(this.past);
      Object.assign(window, { nidaan: { replay: this.stage } }); // what browser tests read
    }
  }

  private mount(past: PastStage): StageHandle {
    return mountStage(this.place, {
      consultId: "replay",
      me: LISTENER,
      transport: past,
      awareness: { send: () => undefined, on: () => () => undefined },
      instances: () => [...this.pictures.values()],
      loadManifest: async (id) => this.pictures.get(id) ?? parseManifest(await getJson(`/imaging/instances/${id}`)),
      readOnly: false,
      onShown: () => undefined,
      onMessage: () => undefined,
      serverNow: () => this.moment,
      participants: () => this.people,
      emptyWords: t("Nothing was on the stage at this moment."),
      store: { load: () => Promise.resolve([]), save: () => undefined },
    });
  }
}

/** Puts the page's parts together: the time of day, the moments to jump to, and the stage. */
export function mountReplay(): void {
  const data = document.getElementById("replay-data");
  const sound = document.querySelector<HTMLAudioElement>("#sound");
  const [when, marks, stage] = ["when", "marks", "stage"].map((id) => document.getElementById(id));
  if (!data || !sound || !when || !marks || !stage) {
    return;
  }
  const { consult_id: consult, index } = JSON.parse(data.textContent) as ReplayData;
  const draw = (): void => {
    const moment = momentAt(index, sound.currentTime);
    when.textContent = moment === null ? "" : `${clockWords(sound.currentTime)} · ${new Date(moment).toLocaleTimeString()}`;
  };
  sound.addEventListener("timeupdate", draw);
  sound.addEventListener("seeking", draw);
  draw();
  void furnish(sound, marks, stage, consult, index).catch(() => {
    marks.replaceChildren(entry(t("What was on the stage could not be fetched. The sound can be heard all the same.")));
  });
}

async function furnish(sound: HTMLAudioElement, list: HTMLElement, stage: HTMLElement, consult: string, index: readonly Stretch[]): Promise<void> {
  const last = index.at(-1);
  const until = Math.ceil(last ? last.began + last.seconds * 1000 : 0);
  const history = await getJson<History>(`/api/consults/${consult}/stage/history?until=${String(until)}`);
  const { studies } = await getJson<CaseJson>(`/imaging/cases/${history.case_id}`);
  const pictures = studies.flatMap((study) => study.instances.flatMap((one) => readable(one)));
  const changes = history.updates.map(({ at, data }) => ({ at, data: Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) }));
  const people = history.participants.map((one) => ({ ...one, present: true }));
  const found = marksOf(changes).filter(({ at }) => at >= (index[0]?.began ?? 0));
  const nameOf = (id: string): string => people.find((one) => one.participant_id === id)?.name ?? "";
  const pictureOf = (id: string): string => {
    const picture = pictures.find((one) => one.id === id);
    return picture ? [picture.modality, picture.description].filter((part) => part !== "").join(" ") || picture.file_name : "";
  };
  list.replaceChildren(...found.map((mark) => markLine(mark, nameOf(mark.author), pictureOf(mark.instance), sound, index)));
  if (found.length === 0) {
    list.replaceChildren(entry(t("Nothing was put up or drawn while this was recorded.")));
  }
  if (changes.length > 0) {
    new Replay(sound, stage, index, changes, people, pictures);
  }
}

function markLine(mark: Mark, author: string, picture: string, sound: HTMLAudioElement, index: readonly Stretch[]): HTMLElement {
  const second = secondOf(index, mark.at);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  const shapes = { picture: "image", drawing: "pencil", key_image: "bookmark-check" } as const;
  const words = {
    picture: t("%(name)s shows %(picture)s", { name: author, picture }),
    drawing: t("%(name)s draws on %(picture)s", { name: author, picture }),
    key_image: t("%(name)s marks %(picture)s for the report", { name: author, picture }),
  };
  button.append(icon(shapes[mark.kind]), `${clockWords(second)} · ${words[mark.kind]}`);
  button.addEventListener("click", () => {
    sound.currentTime = second + JUST_AFTER;
  });
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function entry(words: string): HTMLElement {
  const item = document.createElement("li");
  item.className = "muted";
  item.textContent = words;
  return item;
}

function readable(one: unknown): InstanceManifest[] {
  try {
    return [parseManifest(one)];
  } catch {
    return []; // a picture that this page cannot read is left out
  }
}
