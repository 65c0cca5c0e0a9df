import { ApiError } from "../ui/api";
import { t } from "../ui/text";
import { addAddendum } from "./api";
import { button, confirm, entry, make, notice } from "./dom";
import type { AddendumReply } from "./messages";
import { brokenWords } from "./opinion";
import { signatureLine } from "./signature";

export function addendaList(addenda: readonly AddendumReply[]): HTMLElement {
  const items = addenda.map((one) =>
    make(
      "li",
      {},
      entry("", one.text),
      signatureLine(one.signature),
      one.signature.whole ? null : notice(brokenWords(), "danger"),
    ),
  );
  return make("ol", { class: "record-addenda" }, ...items);
}

/** Where an addendum is written: opened by a button, signed as it is sent. */
export function addendumForm(consultId: string, onAdded: () => void): HTMLElement {
  const box = make("textarea", {
    id: "record-addendum",
    rows: 3,
    maxlength: 5000,
    "aria-describedby": "record-addendum-hint",
  });
  const trouble = make("div", { role: "alert" });
  const send = button(t("Sign the addendum"), "pencil", () => {
    send.disabled = true;
    void signIt(consultId, box.value.trim(), trouble, onAdded).finally(() => (send.disabled = false));
  });
  const hint = t("What came to be known after signing. It is signed as you write it.");
  const form = make(
    "div",
    { class: "field", hidden: true },
    make("label", { for: "record-addendum", text: t("Addendum") }),
    make("span", { class: "field-hint", id: "record-addendum-hint", text: hint }),
    box,
    trouble,
    send,
  );
  const opener = button(t("Add an addendum"), "plus", () => open(), "quiet");
  const open = (): void => {
    form.hidden = false;
    opener.hidden = true;
    box.focus();
  };
  return make("div", { class: "record-addendum" }, opener, form);
}

async function signIt(consultId: string, text: string, trouble: HTMLElement, onAdded: () => void): Promise<void> {
  const sentences = [t("Your name and registration number are put under it. It cannot be changed or taken back.")];
  if (text && !(await confirm(t("Sign this addendum?"), sentences, t("Sign the addendum"), t("Not yet")))) {
    return;
  }
  try {
    await addAddendum(consultId, text);
    onAdded();
  } catch (error) {
    const why = error instanceof ApiError ? error.message : t("Something went wrong on the server. Please try again.");
    trouble.replaceChildren(notice(t("Not signed. %(why)s", { why }), "danger"));
  }
}
