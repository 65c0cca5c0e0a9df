import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { make } from "./dom";

/** One key image as the stage has it now. */
export interface KeyImageItem {
  /** `<instance id>/<frame>`, as in the shared document. */
  readonly key: string;
  /** What it is: "Chest PA". */
  readonly title: string;
  readonly frame: number;
  readonly frames: number;
  readonly drawings: number;
  /** Who marked it. */
  readonly by: string;
  readonly thumbnail: string | null;
}

/** What the panel needs of the stage; the room's page builds it from the StageHandle. */
export interface KeyImageSource {
  list(): readonly KeyImageItem[];
  /** Told when the list or what is shown changes; returns what stops that. */
  onChange(handler: () => void): () => void;
  /** The picture on the stage now, if it may be marked and is not yet. */
  canMark(): boolean;
  /** Marks what the stage shows now: "use in report". */
  mark(): void;
  remove(key: string): void;
  /** Brings it onto the stage. */
  show(key: string): void;
}

function item(source: KeyImageSource, image: KeyImageItem, editable: boolean): HTMLElement {
  const place = image.frames > 1 ? t("frame %(number)s of %(frames)s", { number: image.frame, frames: image.frames }) : "";
  const drawn = image.drawings === 1 ? t("1 drawing") : image.drawings ? t("%(count)s drawings", { count: image.drawings }) : "";
  const title = image.title || t("Image");
  const look = make(
    "button",
    { type: "button", class: "record-image-look", on: { click: () => source.show(image.key) } },
    image.thumbnail
      ? make("img", { src: image.thumbnail, alt: "", width: 64, height: 64 })
      : make("span", { class: "record-image-blank" }, icon("image")),
    make(
      "span",
      {},
      make("strong", { text: title }),
      make("small", { text: [place, drawn, image.by].filter(Boolean).join(" · ") }),
    ),
  );
  const words = t("Take %(title)s out of the report", { title });
  const remove = make(
    "button",
    { type: "button", class: "quiet record-image-remove", "aria-label": words, title: words, on: { click: () => source.remove(image.key) } },
    icon("x"),
  );
  return make("li", { class: "record-image" }, look, editable && remove);
}

/** The key images on the stage, with one tap to add what it shows. Returns what stops following the stage. */
export function showKeyImages(element: HTMLElement, source: KeyImageSource, editable: boolean): () => void {
  const list = make("ul", { class: "record-images" });
  const none = make("p", { class: "muted", text: t("None yet. What is marked here is printed with its drawings.") });
  const add = make(
    "button",
    { type: "button", class: "quiet", on: { click: () => source.mark() } },
    icon("plus"),
    make("span", { text: t("Use this picture in the report") }),
  );
  const draw = (): void => {
    const images = source.list();
    list.replaceChildren(...images.map((image) => item(source, image, editable)));
    none.hidden = images.length > 0;
    add.hidden = !editable;
    add.disabled = !source.canMark();
  };
  element.replaceChildren(make("h3", { text: t("Key images") }), none, list, add);
  draw();
  return source.onChange(draw);
}
