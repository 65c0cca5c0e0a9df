import type { Connection } from "../realtime/connection";
import type { ParticipantInfo } from "../realtime/protocol";
import { t } from "../ui/text";

const ROLE_WORDS: Readonly<Record<string, () => string>> = {
  treating_doctor: () => t("Treating doctor"),
  specialist: () => t("Specialist"),
  patient: () => t("Patient"),
  attendant: () => t("Attendant"),
  observer: () => t("Observer"),
  interpreter: () => t("Interpreter"),
};

/** Everyone of the consult: who they are and whether they are in the room now. Knows no DOM. */
export class People {
  private readonly known = new Map<string, ParticipantInfo>();
  private readonly handlers = new Set<() => void>();

  constructor(connection: Pick<Connection, "on">) {
    connection.on("participant_joined", ({ participant }) => this.set(participant));
    connection.on("participant_left", ({ participant_id: id }) => {
      const person = this.known.get(id);
      if (person) {
        this.set({ ...person, present: false });
      }
    });
  }

  get all(): readonly ParticipantInfo[] {
    return [...this.known.values()];
  }

  replace(everyone: readonly ParticipantInfo[]): void {
    this.known.clear();
    everyone.forEach((person) => this.known.set(person.participant_id, person));
    this.tell();
  }

  wordsOf(id: string): { readonly name: string; readonly role: string } {
    const person = this.known.get(id);
    return { name: person?.name ?? t("Somebody"), role: roleWords(person?.role ?? "") };
  }

  onChange(handler: () => void): void {
    this.handlers.add(handler);
  }

  private set(person: ParticipantInfo): void {
    this.known.set(person.participant_id, person);
    this.tell();
  }

  private tell(): void {
    this.handlers.forEach((handler) => handler());
  }
}

/** A role in the reader's language. */
export function roleWords(role: string): string {
  return ROLE_WORDS[role]?.() ?? role;
}
