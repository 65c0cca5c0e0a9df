import type { Chosen } from "../capture/chosen";
import { hooks } from "../capture/hooks";
import { button, listening, make } from "../record/dom";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { when } from "../ui/when";
import { type Pickable, picturePicker } from "./picture_picker";
import type { OfferedExam, Retake, Views } from "./views";

/** What the cards ask the page to do; each rejects with an `ApiError`. */
export interface RetakeActs {
  ask(asked: { exam: string; view: string; words: string; why: string }): Promise<void>;
  send(retake: string, chosen: readonly Chosen[]): Promise<void>;
  link(retake: string, instances: readonly string[]): Promise<void>;
  decline(retake: string, reason: string): Promise<void>;
  withdraw(retake: string): Promise<void>;
  pictures(): readonly Pickable[];
  /** Puts a picture on the stage; null where there is none. */
  readonly show: ((instanceId: string) => void) | null;
  /** Files of a request that this device has not yet told the server of. */
  untold(retake: string): number;
  /** Does it, and says what went wrong. */
  attempt(act: () => Promise<void>): void;
}

function stateWords(retake: Retake): string {
  switch (retake.state) {
    case "asked":
      return t("Waits for the treating doctor");
    case "answered":
      return retake.coming > 0
        ? t("Sent by %(name)s, %(count)s still on the way", { name: retake.endedBy, count: retake.coming })
        : t("Sent by %(name)s", { name: retake.endedBy });
    case "declined":
      return t("%(name)s: it cannot be done. %(reason)s", { name: retake.endedBy, reason: retake.reason });
    case "withdrawn":
      return t("Taken back");
  }
}

const ICONS = { asked: "clock", answered: "circle-check", declined: "ban", withdrawn: "undo-2" } as const;

/** One request, with what this person can do about it. */
export function retakeCard(retake: Retake, may: Views["may"], acts: RetakeActs): HTMLElement {
  const card = make(
    "li",
    { class: "retake", "data-state": retake.state, "data-retake": retake.id },
    make("strong", { text: retake.words }),
    retake.more === "" ? null : make("p", { text: retake.more }),
    retake.why === "" ? null : make("p", { class: "retake-why", text: t("Why: %(why)s", { why: retake.why }) }),
    make("p", { class: "muted", text: `${retake.askedBy}, ${when(new Date(retake.askedAt), new Date())}` }),
    make("p", { class: "retake-state" }, icon(ICONS[retake.state]), stateWords(retake)),
  );
  const untold = acts.untold(retake.id);
  if (untold > 0) {
    card.append(make("p", { class: "muted", text: t("%(count)s files of yours wait for the link.", { count: untold }) }));
  }
  card.append(...answers(retake, acts));
  const more = make("div", { class: "retake-more" });
  if (may.answer && retake.state !== "withdrawn") {
    card.append(answering(retake, acts, more));
  }
  if (may.ask && retake.state === "asked") {
    const back = button(t("Take it back"), "undo-2", () => acts.attempt(() => acts.withdraw(retake.id)), "quiet");
    card.append(make("div", { class: "retake-acts" }, back));
  }
  card.append(more);
  return card;
}

function answers(retake: Retake, acts: RetakeActs): HTMLElement[] {
  const { show } = acts;
  const known = new Map(acts.pictures().map((picture) => [picture.id, picture]));
  const there = retake.pictures.flatMap((id) => known.get(id) ?? []);
  if (there.length === 0) {
    return [];
  }
  const tiles = there.map((picture) => {
    const face = picture.thumbnail === null ? icon("image") : make("img", { src: picture.thumbnail, alt: "" });
    const name = make("span", { text: picture.name });
    return show
      ? listening(make("button", { type: "button", class: "pick-tile", "aria-label": t("Show %(name)s", { name: picture.name }) }, face, name), {
          click: () => show(picture.id),
        })
      : make("span", { class: "pick-tile" }, face, name);
  });
  return [make("div", { class: "pick-tiles" }, ...tiles)];
}

function answering(retake: Retake, acts: RetakeActs, more: HTMLElement): HTMLElement {
  const pick = (): void =>
    more.replaceChildren(
      picturePicker(acts.pictures(), [], (ids) => {
        more.replaceChildren();
        if (ids && ids.length > 0) {
          acts.attempt(() => acts.link(retake.id, ids));
        }
      }),
    );
  const send = (chosen: readonly Chosen[]): Promise<void> => (chosen.length > 0 ? acts.send(retake.id, chosen) : Promise.resolve());
  const pieces = [
    ...(isOfFilm(retake) ? [button(t("Photograph a film"), "scan-line", () => acts.attempt(async () => send(await filmed())), "quiet")] : []),
    cameraButton((photo, again) => acts.attempt(async () => send(await looked(photo, again)))),
    filesButton((files) => acts.attempt(() => send(files.map((file) => ({ file }))))),
    button(t("It is here already"), "image", pick, "quiet"),
  ];
  if (retake.state === "asked") {
    pieces.push(button(t("Cannot be done"), "ban", () => more.replaceChildren(declining(retake, acts, more)), "quiet"));
  }
  return make("div", { class: "retake-acts" }, ...pieces);
}

/** Whether what is asked for may hang on a light box: an X-ray, or something in the specialist's own words. */
function isOfFilm({ exam }: Retake): boolean {
  const camera = (navigator as { mediaDevices?: MediaDevices }).mediaDevices !== undefined;
  return camera && (exam === "" || exam.endsWith("_xray"));
}

async function filmed(): Promise<readonly Chosen[]> {
  return (await import("../capture/film_camera")).photographFilm();
}

/** A photo of the camera app's, straightened if it is of a film. */
async function looked(photo: File, again: () => void): Promise<readonly Chosen[]> {
  const found = hooks.beforeQueue ? await hooks.beforeQueue(photo) : [{ file: photo }];
  if (found !== "again") {
    return found;
  }
  again();
  return [];
}

function cameraButton(take: (photo: File, again: () => void) => void): HTMLElement {
  const attributes = { accept: "image/*", capture: "environment" };
  return fileButton(t("Take a photo"), "camera", attributes, ([photo], again) => photo && take(photo, again));
}

function filesButton(take: (files: readonly File[]) => void): HTMLElement {
  return fileButton(t("Choose files"), "folder-open", { multiple: true }, take);
}

function fileButton(
  words: string,
  drawing: string,
  attributes: Readonly<Record<string, string | boolean>>,
  take: (files: readonly File[], again: () => void) => void,
): HTMLElement {
  const input = make("input", { type: "file", hidden: true, ...attributes });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length > 0) {
      take(files, () => input.click());
    }
  });
  return make("span", { class: "retake-file" }, button(words, drawing, () => input.click(), "quiet"), input);
}

function declining(retake: Retake, acts: RetakeActs, more: HTMLElement): HTMLElement {
  const id = `decline-${retake.id}`;
  const reason = make("textarea", { id, rows: 2, maxlength: 500 });
  const usual = [t("The patient cannot be moved for it"), t("The machine cannot do it"), t("The patient has left")].map((words) =>
    listening(make("button", { type: "button", class: "quiet", text: words }), { click: () => (reason.value = words) }),
  );
  const cancel = listening(make("button", { type: "button", class: "quiet", text: t("Cancel") }), { click: () => more.replaceChildren() });
  const say = button(t("Tell the specialist"), "send", () => acts.attempt(() => acts.decline(retake.id, reason.value)));
  return make(
    "div",
    { class: "field" },
    make("label", { for: id, text: t("Why can it not be done?") }),
    make("div", { class: "hold-usual" }, ...usual),
    reason,
    make("div", { class: "actions" }, cancel, say),
  );
}

/** The specialist's form: a view of a checklist or own words, and why. */
export function askForm(offered: readonly OfferedExam[], acts: RetakeActs): HTMLElement {
  const groups = offered.map((exam) => {
    const group = make("optgroup", { label: exam.words });
    group.append(...exam.views.map((view) => make("option", { value: `${exam.exam}/${view.view}`, text: view.words })));
    return group;
  });
  const select = make("select", { id: "ask-view" }, make("option", { value: "", text: t("In my own words") }), ...groups);
  const words = make("input", { id: "ask-words", type: "text", maxlength: 200 });
  const why = make("input", { id: "ask-why", type: "text", maxlength: 500 });
  const send = button(t("Ask for this view"), "send", () => {
    const [exam = "", view = ""] = select.value.split("/");
    acts.attempt(async () => {
      await acts.ask({ exam, view, words: words.value, why: why.value });
      select.value = words.value = why.value = "";
    });
  });
  return make(
    "div",
    { class: "ask-form" },
    make("label", { for: "ask-view", text: t("Which view?") }),
    select,
    make("label", { for: "ask-words", text: t("What exactly (optional with a view)") }),
    words,
    make("label", { for: "ask-why", text: t("Why (optional)") }),
    why,
    send,
  );
}
