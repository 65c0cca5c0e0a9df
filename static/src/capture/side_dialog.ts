import "../styles/film.css";
import { button, listening, make } from "../record/dom";
import { ApiError, deleteJson, putJson } from "../ui/api";
import { t } from "../ui/text";
import type { Side } from "../viewport/sides";
import type { ListedInstance } from "./listing";
import { sideQuestion } from "./side_question";

/** Which side is which in a picture that the server has: asked, corrected, taken back. `told` is called after each. */
export function askSideOf(instance: ListedInstance, told: () => void): void {
  if (document.querySelector("dialog.film-dialog[open]")) {
    return; // the second of two quick taps
  }
  let side: Side | null = instance.side?.side ?? null;
  const address = `/imaging/instances/${instance.id}/side`;
  const error = make("p", { class: "field-error", role: "alert", hidden: true });
  const attempt = (ask: () => Promise<unknown>): void => {
    error.hidden = true;
    ask()
      .then(() => {
        dialog.close();
        told();
      })
      .catch((reason: unknown) => {
        error.textContent = reason instanceof ApiError ? reason.message : t("Something went wrong here. Please try again.");
        error.hidden = false;
      });
  };
  const save = button(t("Say so"), "check", () => attempt(() => putJson(address, { side })));
  const forget = button(t("Take it back"), "undo-2", () => attempt(() => deleteJson(address)), "quiet");
  const cancel = listening(make("button", { type: "button", class: "quiet", text: t("Cancel") }), { click: () => dialog.close() });
  const face = instance.preview === null ? null : make("img", { class: "film-face", src: instance.preview, alt: instance.name });
  const question = sideQuestion(side, (answer) => (side = answer));
  const acts = make("div", { class: "actions" }, instance.side ? forget : null, cancel, save);
  const title = make("h2", { id: "side-title", text: t("Which side is which?") });
  const dialog = make("dialog", { class: "film-dialog", "aria-labelledby": "side-title" }, make("article", {}, title, face, question, error, acts));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
