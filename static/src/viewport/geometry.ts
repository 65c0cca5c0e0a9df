import { t } from "../ui/text";
import type { CalibrationRegion, LengthLabel, Unit } from "./manifest";
import type { Point } from "./view";

/** A length, and in what: never millimetres unless one region's calibration covers both ends. */
export interface Length {
  readonly value: number;
  readonly unit: LengthLabel | "px";
}

/**
 * What two points of a trace (M-mode, spectral Doppler) are apart: time along, depth or speed down; never a length.
 * Where the file says at which row the speed is zero, `from` and `value` are the speeds at both points.
 */
export interface Apart {
  readonly unit: "trace";
  readonly parts: readonly { readonly from?: number; readonly value: number; readonly unit: Exclude<Unit, ""> }[];
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

/** What two points in image px are apart: in millimetres or a trace's units where one region says so of both. */
export function lengthBetween(from: Point, to: Point, calibration: readonly CalibrationRegion[]): Length | Apart {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const region = regionOf(calibration, from, to);
  if (region && region.label !== "") {
    return { value: Math.hypot(dx * region.per_px_x, dy * region.per_px_y), unit: region.label };
  }
  const parts = region
    ? [
        { value: Math.abs(dx * region.per_px_x), unit: region.unit_x },
        { ...downBetween(from, to, region), unit: region.unit_y },
      ].filter((part): part is Apart["parts"][number] => part.unit !== "")
    : [];
  return parts.length > 0 ? { unit: "trace", parts } : { value: Math.hypot(dx, dy), unit: "px" };
}

function downBetween(from: Point, to: Point, { baseline, per_px_y }: CalibrationRegion): { from?: number; value: number } {
  if (!baseline) {
    return { value: Math.abs(to.y - from.y) * per_px_y };
  }
  const speed = ({ y }: Point): number => (baseline.up ? baseline.y - y : y - baseline.y) * per_px_y;
  return { from: speed(from), value: speed(to) };
}

function formatPart({ from, value, unit }: Apart["parts"][number]): string {
  if (from !== undefined) {
    return `${from.toFixed(1)} → ${value.toFixed(1)} ${unit}`;
  }
  return unit === "s" ? `${value.toFixed(value < 10 ? 3 : 1)} s` : `${value.toFixed(1)} ${unit}`;
}

/** "8.4 mm", "13.2 cm", "13.2 cm at detector", "212 px (uncalibrated)", "0.420 s, 84.0 cm/s". */
export function formatLength(measured: Length | Apart): string {
  if (measured.unit === "trace") {
    return measured.parts.map(formatPart).join(", ");
  }
  const { value, unit } = measured;
  if (unit === "px") {
    return t("%(length)s px (uncalibrated)", { length: value.toFixed(value < 10 ? 1 : 0) });
  }
  const [length, short] = value < 99.95 ? [value.toFixed(1), "mm"] : [(value / 10).toFixed(1), "cm"];
  return labelled(`${length} ${short}`, unit);
}

function labelled(length: string, label: LengthLabel): string {
  if (label === "mm estimated") {
    return t("%(length)s, estimated", { length });
  }
  return label === "mm" ? length : t("%(length)s at detector", { length });
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
  if (!region || region.label === "" || Math.abs(region.per_px_x / region.per_px_y - 1) > 0.01) {
    return null;
  }
  const pixelsPerMm = zoom / region.per_px_x;
  const step = STEPS_MM.findLast((mm) => mm * pixelsPerMm <= BAR_MOST_PX);
  if (step === undefined) {
    return null;
  }
  const short = step < 10 ? `${step} mm` : `${step / 10} cm`;
  return { pixels: step * pixelsPerMm, label: labelled(short, region.label) };
}
