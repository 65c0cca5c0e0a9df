/** A rectangle in a picture's pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Decision = "open" | "accepted" | "rejected";

/** A place on a picture. `open`: somebody must still decide it. */
export interface Mask extends Box {
  id: string;
  origin: "text" | "outside" | "banner" | "person";
  likely: boolean;
  decision: Decision;
  open: boolean;
}

export interface Item {
  id: string;
  name: string;
  state: "waiting" | "proposed" | "made" | "failed";
  left_out: boolean;
  reason: string | null;
  columns: number;
  rows: number;
  frames: number;
  pictures: readonly { url: string; words: string }[];
  masks: readonly Mask[];
  undecided: number;
}

export interface CopyState {
  id: string;
  state: string;
  progress: number;
  items: readonly Item[];
  undecided: number;
}

/** The first place that must still be decided after `id`, in reading order and round the end; the likely ones first. */
export function nextOpen(masks: readonly Mask[], id: string | undefined): Mask | undefined {
  const start = masks.findIndex((mask) => mask.id === id) + 1;
  const round = [...masks.slice(start), ...masks.slice(0, start)].filter((mask) => mask.open && mask.id !== id);
  return round.find((mask) => mask.likely) ?? round[0];
}

/** The box between two corners, in whole pixels, within the picture. */
export function between(from: { x: number; y: number }, to: { x: number; y: number }, item: Item): Box {
  const clamp = (value: number, most: number): number => Math.round(Math.min(Math.max(value, 0), most));
  const left = clamp(Math.min(from.x, to.x), item.columns);
  const top = clamp(Math.min(from.y, to.y), item.rows);
  const right = clamp(Math.max(from.x, to.x), item.columns);
  const bottom = clamp(Math.max(from.y, to.y), item.rows);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The box moved, or with another size: `step` in pixels; never smaller than 4 px nor out of the picture. */
export function nudged(box: Box, key: string, resizing: boolean, step: number, item: Item): Box | undefined {
  const by: Record<string, [number, number]> = {
    ArrowLeft: [-step, 0],
    ArrowRight: [step, 0],
    ArrowUp: [0, -step],
    ArrowDown: [0, step],
  };
  const move = by[key];
  if (!move) {
    return undefined;
  }
  const [dx, dy] = move;
  if (resizing) {
    const width = Math.min(Math.max(box.width + dx, 4), item.columns - box.x);
    const height = Math.min(Math.max(box.height + dy, 4), item.rows - box.y);
    return { ...box, width, height };
  }
  const x = Math.min(Math.max(box.x + dx, 0), item.columns - box.width);
  const y = Math.min(Math.max(box.y + dy, 0), item.rows - box.height);
  return { ...box, x, y };
}
