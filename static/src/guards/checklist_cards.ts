import { button, listening, make } from "../record/dom";
import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { type Pickable, picturePicker } from "./picture_picker";
import type { Exam, ExamView, Views } from "./views";

export interface ChecklistActs {
  choose(exam: string): Promise<void>;
  drop(examId: string): Promise<void>;
  assign(examId: string, view: string, instances: readonly string[]): Promise<void>;
  ask(asked: { exam: string; view: string; words: string; why: string }): Promise<void>;
  pictures(): readonly Pickable[];
  attempt(act: () => Promise<void>): void;
}

/** One exam: its views, which picture shows each, and which are missing. */
export function examCard(exam: Exam, may: Views["may"], acts: ChecklistActs): HTMLElement {
  const there = exam.views.filter((view) => view.pictures.length > 0).length;
  const count = t("%(there)s of %(all)s views", { there, all: exam.views.length });
  const head = make("div", { class: "exam-head" }, make("strong", { text: exam.words }), make("span", { class: "muted", text: count }));
  if (may.assign) {
    const drop = listening(
      make("button", { type: "button", class: "quiet", "aria-label": t("Take the checklist off: %(name)s", { name: exam.words }) }, icon("x")),
      { click: () => acts.attempt(() => acts.drop(exam.id)) },
    );
    head.append(drop);
  }
  return make("li", { class: "exam" }, head, make("ul", { class: "exam-views" }, ...exam.views.map((view) => viewLine(exam, view, may, acts))));
}

function viewLine(exam: Exam, view: ExamView, may: Views["may"], acts: ChecklistActs): HTMLElement {
  const names = new Map(acts.pictures().map((picture) => [picture.id, picture.name]));
  const there = view.pictures.length > 0;
  const words = there ? view.pictures.map((id) => names.get(id) ?? t("a picture")).join(", ") : t("missing");
  const line = make(
    "li",
    { class: there ? "exam-view there" : "exam-view" },
    icon(there ? "circle-check" : "circle"),
    make("span", {}, view.words, make("small", { text: words })),
  );
  const more = make("div", { class: "exam-more" });
  const [guess] = view.suggested;
  if (may.assign && !there && guess !== undefined) {
    const name = names.get(guess) ?? t("a picture");
    line.append(button(t("Is it %(name)s?", { name }), "check", () => acts.attempt(() => acts.assign(exam.id, view.view, [guess])), "quiet"));
  }
  if (may.assign) {
    const pick = (): void =>
      more.replaceChildren(
        picturePicker(acts.pictures(), view.pictures, (ids) => {
          more.replaceChildren();
          if (ids) {
            acts.attempt(() => acts.assign(exam.id, view.view, ids));
          }
        }),
      );
    const choose = button(there ? t("Change") : t("Choose"), "image", pick, "quiet");
    choose.setAttribute("aria-label", `${choose.textContent}: ${view.words}`);
    line.append(choose);
  }
  if (may.ask && !there) {
    const ask = button(t("Ask for it"), "send", () => acts.attempt(() => acts.ask({ exam: exam.exam, view: view.view, words: "", why: "" })), "quiet");
    ask.setAttribute("aria-label", `${ask.textContent}: ${view.words}`);
    line.append(ask);
  }
  line.append(more);
  return line;
}

/** Picks another exam; those that the pictures speak for come first. */
export function examChooser(views: Views, acts: ChecklistActs): HTMLElement | null {
  const picked = new Set(views.exams.map((exam) => exam.exam));
  const left = views.offered.filter((exam) => !picked.has(exam.exam));
  if (left.length === 0) {
    return null;
  }
  const first = left.filter((exam) => views.likely.includes(exam.exam));
  const options = [...first, ...left.filter((exam) => !views.likely.includes(exam.exam))].map((exam) =>
    make("option", { value: exam.exam, text: exam.words }),
  );
  const select = make("select", { id: "choose-exam" }, make("option", { value: "", text: t("Choose an exam") }), ...options);
  select.value = first[0]?.exam ?? "";
  const add = button(t("Show its checklist"), "clipboard-list", () => acts.attempt(() => acts.choose(select.value)), "quiet");
  return make("div", { class: "exam-chooser" }, make("label", { for: "choose-exam", text: t("Which views does this exam need?") }), select, add);
}
