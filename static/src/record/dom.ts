import { icon } from "../ui/icon";

type Child = Node | string | null | undefined | false;

type Listeners = Readonly<Record<string, (event: Event) => void>>;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A new element: attributes by name, `text` as its text; attributes that are false and empty children are left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") {
      made.textContent = String(value);
    } else if (value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

/** The same element, listening. */
export function listening<E extends HTMLElement>(element: E, listeners: Listeners): E {
  for (const [event, handler] of Object.entries(listeners)) {
    element.addEventListener(event, handler);
  }
  return element;
}

/** A button with an icon and words. */
export function button(words: string, iconName: string, tap: () => void, kind = ""): HTMLButtonElement {
  const made = make("button", { type: "button", class: kind }, icon(iconName), make("span", { text: words }));
  return listening(made, { click: tap });
}

/** A sentence that stands out; `tone`: "", good, warn, danger. */
export function notice(words: string, tone = "", ...actions: readonly Child[]): HTMLElement {
  const shape = tone === "good" ? "circle-check" : tone === "warn" ? "triangle-alert" : tone ? "circle-alert" : "info";
  return make("div", { class: `notice ${tone}` }, icon(shape), make("div", {}, make("p", { text: words }), ...actions));
}

/** What somebody wrote, under its heading, line ends kept; nothing for an empty text. */
export function entry(name: string, words: string | undefined): HTMLElement | null {
  if (!words) {
    return null;
  }
  return make(
    "div",
    { class: "record-entry" },
    name ? make("h4", { text: name }) : null,
    make("p", { class: "record-words", text: words }),
  );
}

/** Asks once, in a dialog; resolves to whether the answer was yes. */
export function confirm(title: string, sentences: readonly string[], yes: string, no: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const close = (given: boolean) => () => {
      answer = given;
      dialog.close();
    };
    const actions = make(
      "div",
      { class: "actions" },
      listening(make("button", { type: "button", class: "quiet", text: no }), { click: close(false) }),
      listening(make("button", { type: "button", text: yes }), { click: close(true) }),
    );
    const paragraphs = sentences.map((text) => make("p", { text }));
    const article = make("article", {}, make("h2", { id: "record-confirm", text: title }), ...paragraphs, actions);
    const dialog = make("dialog", { class: "record-confirm", "aria-labelledby": "record-confirm" }, article);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
