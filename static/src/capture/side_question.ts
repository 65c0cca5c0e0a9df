import { listening, make } from "../record/dom";
import { t } from "../ui/text";
import { type Side, sideName, SIDES } from "../viewport/sides";

/** Asks which side is which; `chosen` is told each answer. */
export function sideQuestion(now: Side | null, chosen: (side: Side) => void): HTMLFieldSetElement {
  const answers = SIDES.map((side) => {
    const input = listening(make("input", { type: "radio", name: "film-side", value: side, checked: side === now }), {
      change: () => chosen(side),
    });
    return make("label", {}, input, sideName(side));
  });
  return make("fieldset", { class: "film-side" }, make("legend", { text: t("What does the film's side marker say?") }), ...answers);
}
