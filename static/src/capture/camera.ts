import { icon } from "../ui/icon";
import { t } from "../ui/text";

/** What may be sent: DICOM files often have no ending at all, so the picker must not hide those. */
const FILES = "";
const PHOTO = "image/*";

interface Chooser {
  readonly label: string;
  readonly icon: string;
  readonly accept: string;
  readonly camera: boolean;
}

function button(chooser: Chooser, give: (files: File[]) => void): HTMLElement {
  const input = document.createElement("input");
  input.type = "file";
  input.hidden = true;
  input.accept = chooser.accept;
  input.multiple = !chooser.camera;
  if (chooser.camera) {
    input.setAttribute("capture", "environment"); // the rear camera, at once
  }
  const opener = document.createElement("button");
  opener.type = "button";
  opener.className = "quiet";
  opener.append(icon(chooser.icon), chooser.label);
  opener.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    give([...(input.files ?? [])]);
    input.value = ""; // the same file may be chosen again
  });
  const wrapper = document.createElement("span");
  wrapper.append(opener, input);
  return wrapper;
}

/** Two buttons: take a photo with the device's own camera, or choose files. `give` gets what was chosen. */
export function captureButtons(give: (files: File[]) => void): HTMLElement {
  const row = document.createElement("div");
  row.className = "capture-buttons";
  row.append(
    button({ label: t("Take a photo"), icon: "camera", accept: PHOTO, camera: true }, give),
    button({ label: t("Choose files"), icon: "folder-open", accept: FILES, camera: false }, give),
  );
  return row;
}
