import "../styles/guards.css";
import { button, listening, make } from "../record/dom";
import { ApiError, deleteJson, putJson } from "../ui/api";
import { t } from "../ui/text";
import type { InstanceManifest } from "../viewport/manifest";

const USUAL_MM = [10, 50, 100, 300];

/** Asks how long the ruler under a line is. `taken` gets the manifest that the server answers with. */
export function askRulerLength(instance: InstanceManifest, points: readonly number[], taken: (manifest: unknown) => void): void {
  const length = make("input", { id: "ruler-length", type: "number", min: 1, max: 2000, step: "any", inputmode: "decimal" });
  const error = make("p", { class: "field-error", role: "alert", hidden: true });
  const address = `/imaging/instances/${instance.id}/scale`;
  const attempt = (ask: () => Promise<unknown>): void => {
    error.hidden = true;
    ask()
      .then((manifest) => {
        dialog.close();
        taken(manifest);
      })
      .catch((reason: unknown) => {
        error.textContent = reason instanceof ApiError ? reason.message : t("Something went wrong here. Please try again.");
        error.hidden = false;
      });
  };
  const save = button(t("Measure by it"), "ruler", () =>
    attempt(() => putJson(address, { points, length_mm: length.value === "" ? null : Number(length.value) })),
  );
  const cancel = listening(make("button", { type: "button", class: "quiet", text: t("Cancel") }), { click: () => dialog.close() });
  const article = make(
    "article",
    {},
    ...question(length),
    error,
    instance.scale ? make("p", { class: "muted", text: rulerWords(instance.scale) }) : null,
    make(
      "div",
      { class: "actions" },
      instance.scale ? button(t("Take the ruler away"), "trash-2", () => attempt(() => deleteJson(address)), "quiet") : null,
      cancel,
      save,
    ),
  );
  const dialog = make("dialog", { class: "hold-dialog", "aria-labelledby": "ruler-title" }, article);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  length.focus();
}

function question(length: HTMLInputElement): HTMLElement[] {
  const usual = USUAL_MM.map((mm) =>
    listening(make("button", { type: "button", class: "quiet", text: `${mm} mm` }), { click: () => (length.value = String(mm)) }),
  );
  return [
    make("h2", { id: "ruler-title", text: t("How long is this line?") }),
    make("p", { text: t("The line must lie over a ruler or the film's own scale. Lengths are then estimated, for both of you, and marked so.") }),
    make("label", { for: "ruler-length", text: t("Millimetres") }),
    make("div", { class: "hold-usual" }, ...usual),
    length,
  ];
}

function rulerWords({ by, length_mm: length }: { readonly by: string; readonly length_mm: number }): string {
  return t("Now measured by %(name)s: %(length)s mm.", { name: by, length });
}
