import { t } from "../ui/text";
import type { Field } from "./parse";

/**
 * What a person told of a picture whose file does not say which side is which. right_on_left: the patient's right lies
 * at the picture's left edge, as films are hung; left_on_left: turned over. Of one limb, which it is.
 */
export const SIDES = ["right_on_left", "left_on_left", "right_limb", "left_limb", "unmarked"] as const;
export type Side = (typeof SIDES)[number];

export interface ToldSide {
  readonly side: Side;
  readonly by: string;
}

/** Reads what was told. Throws a `FormatError`. */
export function readSide(field: Field): ToldSide {
  return { side: field.get("side").oneOf(...SIDES), by: field.get("by").words() };
}

/** The answer as a person gives it. */
export function sideName(side: Side): string {
  switch (side) {
    case "right_on_left":
      return t("R at the left edge");
    case "left_on_left":
      return t("L at the left edge");
    case "right_limb":
      return t("A right limb");
    case "left_limb":
      return t("A left limb");
    case "unmarked":
      return t("No marker, or not sure");
  }
}

/** Beside the letters on the stage: they are a person's word, not the file's. */
export function sideMark({ side, by }: ToldSide): string {
  switch (side) {
    case "right_on_left":
    case "left_on_left":
      return t("as told by %(name)s", { name: by });
    case "right_limb":
      return t("Right limb, as told by %(name)s", { name: by });
    case "left_limb":
      return t("Left limb, as told by %(name)s", { name: by });
    case "unmarked":
      return t("No side marker, as told by %(name)s", { name: by });
  }
}

/** The same in a list, where no letters stand beside it. */
export function sideWords(told: ToldSide): string {
  return told.side === "right_on_left" || told.side === "left_on_left"
    ? t("%(side)s, as told by %(name)s", { side: sideName(told.side), name: told.by })
    : sideMark(told);
}
