import { t } from "../ui/text";
import type { CalibrationRegion } from "./manifest";
import type { Point } from "./view";

/** A length, and in what: never millimetres unless one region's calibration covers both ends. */
export interface Length {
  readonly value: number;
  readonly unit: "mm" | "mm at detector" | "px";
}

function covers(region: CalibrationRegion, point: Point): boolean {
  return point.x >= region.x0 && point.x <= region.x1 && point.y >= region.y0 && point.y <= region.y1;
}

/** The first region in which every point lies. */
export function regionOf(
  calibration: readonly CalibrationRegion[],
  ...points: readonly Point[]
): CalibrationRegion | undefined {
  return calibration.find((region) => points.every((point) => covers(region, point)));
}

/** The distance between two points in image px, in millimetres where it is known for both. */
export function lengthBetween(from: Point, to: Point, calibration: readonly CalibrationRegion[]): Length {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const region = regionOf(calibration, from, to);
  if (!region) {
    return { value: Math.hypot(dx, dy), unit: "px" };
  }
  return { value: Math.hypot(dx * region.mm_per_px_x, dy * region.mm_per_px_y), unit: region.label };
}

/** "8.4 mm", "13.2 cm", "13.2 cm at detector", "212 px (uncalibrated)". */
export function formatLength({ value, unit }: Length): string {
  if (unit === "px") {
    return t("%(length)s px (uncalibrated)", { length: value.toFixed(value < 10 ? 1 : 0) });
  }
  const [length, short] = value < 99.95 ? [value.toFixed(1), "mm"] : [(value / 10).toFixed(1), "cm"];
  return unit === "mm" ? `${length} ${short}` : t("%(length)s at detector", { length: `${length} ${short}` });
}

const STEPS_MM = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];
const BAR_MOST_PX = 120;

export interface ScaleBar {
  readonly pixels: number;
  readonly label: string;
}

/**
 * A bar of a round length at most 120 CSS px long for what is at `middle`; null where that place is not calibrated,
 * or differently along and across.
 */
export function scaleBar(zoom: number, middle: Point, calibration: readonly CalibrationRegion[]): ScaleBar | null {
  const region = regionOf(calibration, middle);
  if (!region || Math.abs(region.mm_per_px_x / region.mm_per_px_y - 1) > 0.01) {
    return null;
  }
  const pixelsPerMm = zoom / region.mm_per_px_x;
  const step = STEPS_MM.findLast((mm) => mm * pixelsPerMm <= BAR_MOST_PX);
  if (step === undefined) {
    return null;
  }
  const short = step < 10 ? `${step} mm` : `${step / 10} cm`;
  const label = region.label === "mm" ? short : t("%(length)s at detector", { length: short });
  return { pixels: step * pixelsPerMm, label };
}
