import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { button, listening, make } from "./dom";

/** One key image as the stage has it now. */
export interface KeyImageItem {
  /** `<instance id>/<frame>`, as in the shared document. */
  readonly key: string;
  /** What it is: "Chest PA"; empty while nothing is known of it yet. */
  readonly title: string;
  readonly frame: number;
  readonly frames: number;
  readonly drawings: number;
  /** Who marked it. */
  readonly by: string;
  readonly thumbnail: string | null;
}

/** What the panel needs of the stage (see stage_images.ts). */
export interface KeyImageSource {
  list(): readonly KeyImageItem[];
  /** Told when the list changes; returns what stops that. */
  onChange(handler: () => void): () => void;
  /** Marks what the stage shows now; why not, where it cannot be. */
  mark(): "marked" | "nothing_shown" | "marked_before";
  remove(key: string): void;
  /** Brings it onto the stage. */
  show(key: string): void;
}

function details(image: KeyImageItem): string {
  const place =
    image.frames > 1 ? t("frame %(number)s of %(frames)s", { number: image.frame, frames: image.frames }) : "";
  const drawn =
    image.drawings === 1
      ? t("1 drawing")
      : image.drawings > 1
        ? t("%(count)s drawings", { count: image.drawings })
        : t("no drawings");
  return [place, drawn, image.by].filter(Boolean).join(" · ");
}

function item(source: KeyImageSource, image: KeyImageItem): HTMLElement {
  const title = image.title || t("Image");
  const picture = image.thumbnail
    ? make("img", { src: image.thumbnail, alt: "", width: 64, height: 64 })
    : make("span", { class: "record-image-blank" }, icon("image"));
  const words = make("span", {}, make("strong", { text: title }), make("small", { text: details(image) }));
  const look = listening(make("button", { type: "button", class: "record-image-look" }, picture, words), {
    click: () => source.show(image.key),
  });
  const removal = t("Take %(title)s out of the report", { title });
  const remove = listening(
    make(
      "button",
      { type: "button", class: "quiet record-image-remove", "aria-label": removal, title: removal },
      icon("x"),
    ),
    { click: () => source.remove(image.key) },
  );
  return make("li", { class: "record-image" }, look, remove);
}

/** The key images on the stage, with one tap to add what it shows. Returns what stops following the stage. */
export function showKeyImages(element: HTMLElement, source: KeyImageSource): () => void {
  const list = make("ul", { class: "record-images" });
  const none = make("p", { class: "muted", text: t("None yet. What is marked here is printed with its drawings.") });
  const said = make("p", { class: "muted", role: "status" });
  const add = button(
    t("Use this picture in the report"),
    "plus",
    () => {
      const done = source.mark();
      said.textContent =
        done === "nothing_shown"
          ? t("Put a picture on the stage first.")
          : done === "marked_before"
            ? t("This picture is in the report already.")
            : "";
    },
    "quiet",
  );
  const draw = (): void => {
    const images = source.list();
    list.replaceChildren(...images.map((image) => item(source, image)));
    none.hidden = images.length > 0;
  };
  element.replaceChildren(make("h3", { text: t("Key images") }), none, list, add, said);
  draw();
  return source.onChange(draw);
}
