import type { Connection } from "../realtime/connection";
import { mountRecord } from "../record/panel";
import type { StageHandle } from "../stage/stage";
import { icon } from "../ui/icon";
import { t } from "../ui/text";

export interface RecordSheetOptions {
  readonly consultId: string;
  readonly role: string;
  readonly connection: Connection;
  readonly stage: StageHandle;
}

/** The record: beside the stage on a laptop, a sheet over it on a tablet or phone, opened from the controls. */
export function mountRecordSheet(room: HTMLElement, options: RecordSheetOptions): void {
  const band = room.querySelector<HTMLElement>("#record-band");
  const panel = room.querySelector<HTMLElement>("#record");
  const controls = room.querySelector<HTMLElement>("#controls");
  if (!band || !panel || !controls) {
    return;
  }
  const toggle = button("room-button record-toggle", "file-text", t("Record"));
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-controls", band.id);
  const close = button("room-button", "x", t("Close"));
  const head = document.createElement("div");
  head.className = "room-record-close";
  const title = document.createElement("strong");
  title.textContent = t("Record");
  head.append(title, close);
  band.prepend(head);
  const open = (on: boolean): void => {
    room.dataset.record = on ? "open" : "closed";
    toggle.setAttribute("aria-expanded", String(on));
    (on ? close : toggle).focus();
  };
  toggle.addEventListener("click", () => open(room.dataset.record !== "open"));
  close.addEventListener("click", () => open(false));
  controls.append(toggle);
  mountRecord(panel, options);
}

function button(className: string, name: string, words: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.append(icon(name), words);
  return element;
}
