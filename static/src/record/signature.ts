import { icon } from "../ui/icon";
import { t } from "../ui/text";
import { make } from "./dom";
import type { Signature } from "./messages";
import { clockWords } from "./words";

/** Who signed, with which registration number, and when. */
export function signatureLine(signature: Signature): HTMLElement {
  const words = t("Signed by %(name)s, registration number %(number)s, %(time)s", {
    name: signature.name,
    number: signature.registration_number,
    time: clockWords(new Date(signature.at)),
  });
  const shape = signature.whole ? "shield-check" : "triangle-alert";
  return make("p", { class: "record-signature" }, icon(shape), make("span", { text: words }));
}
