import type { Fields } from "./messages";

export function sameFields(one: Fields, other: Fields): boolean {
  return Object.keys({ ...one, ...other }).every((name) => (one[name] ?? "") === (other[name] ?? ""));
}

/** The fields that both sides changed, differently, since `base`. */
export function clashes(base: Fields, mine: Fields, theirs: Fields): readonly string[] {
  return Object.keys(mine).filter((name) => {
    const [was, here, there] = [base[name] ?? "", mine[name] ?? "", theirs[name] ?? ""];
    return here !== there && here !== was && there !== was;
  });
}

/** Each field from the side that changed it; where both did, this side's. */
export function merged(base: Fields, mine: Fields, theirs: Fields): Fields {
  return Object.fromEntries(
    Object.keys(mine).map((name) => {
      const here = mine[name] ?? "";
      return [name, here === (base[name] ?? "") ? (theirs[name] ?? "") : here];
    }),
  );
}
