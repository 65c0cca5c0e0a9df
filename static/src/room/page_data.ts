import { Field } from "../viewport/parse";

/** What the page was made with (consult/room_routes.py). */
export interface RoomPage {
  readonly consultId: string;
  readonly caseId: string;
  readonly role: string;
  readonly state: string;
  readonly rights: ReadonlySet<string>;
}

/** Reads the page's own data. Throws a FormatError where the page is not what it should be. */
export function readRoomPage(): RoomPage {
  const json: unknown = JSON.parse(document.getElementById("room-data")?.textContent ?? "null");
  const field = new Field(json, "room");
  return {
    consultId: field.get("consult_id").text(),
    caseId: field.get("case_id").text(),
    role: field.get("role").text(),
    state: field.get("state").text(),
    rights: new Set(field.get("rights").list().map((right) => right.text())),
  };
}
