/** Why a command was not carried out, with a sentence fit to be shown. */
export class CommandError extends Error {
  /** Stable: not_found, not_allowed, conflict, invalid, protocol_error, failed; from here: offline, timeout. */
  readonly code: string;
  /** The field of the message that the server objects to, if it named one. */
  readonly field: string | undefined;

  constructor(code: string, message: string, field?: string) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.field = field;
  }
}

function property(value: object, name: string): unknown {
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** The error in a refused command's answer (`{code, message, field?}`), whatever else may be in there. */
export function commandError(error: unknown, fallback: string): CommandError {
  const given = typeof error === "object" && error !== null ? error : {};
  const code = property(given, "code");
  const message = property(given, "message");
  const field = property(given, "field");
  return new CommandError(
    typeof code === "string" ? code : "failed",
    typeof message === "string" && message !== "" ? message : fallback,
    typeof field === "string" ? field : undefined,
  );
}
