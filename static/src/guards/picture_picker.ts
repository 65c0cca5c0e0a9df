import { listening, make } from "../record/dom";
import { icon } from "../ui/icon";
import { t } from "../ui/text";

/** A picture as it can be picked. */
export interface Pickable {
  readonly id: string;
  readonly name: string;
  readonly thumbnail: string | null;
}

/** A row of pictures to pick from; `done` gets the ids that were picked. */
export function picturePicker(
  pictures: readonly Pickable[],
  picked: readonly string[],
  done: (ids: string[] | null) => void,
): HTMLElement {
  const chosen = new Set(picked);
  const tiles = pictures.map((picture) => {
    const face = picture.thumbnail === null ? icon("image") : make("img", { src: picture.thumbnail, alt: "" });
    const tile = make(
      "button",
      { type: "button", class: "pick-tile", "aria-pressed": String(chosen.has(picture.id)) },
      face,
      make("span", { text: picture.name }),
    );
    return listening(tile, {
      click: () => {
        if (!chosen.delete(picture.id)) {
          chosen.add(picture.id);
        }
        tile.setAttribute("aria-pressed", String(chosen.has(picture.id)));
      },
    });
  });
  const empty = tiles.length === 0 ? [make("p", { class: "muted", text: t("There is no picture in this case yet.") })] : [];
  const save = listening(make("button", { type: "button" }, icon("check"), t("These show it")), {
    click: () => done([...chosen]),
  });
  const cancel = listening(make("button", { type: "button", class: "quiet", text: t("Cancel") }), { click: () => done(null) });
  return make("div", { class: "picker" }, make("div", { class: "pick-tiles" }, ...tiles, ...empty), make("div", { class: "actions" }, cancel, save));
}
