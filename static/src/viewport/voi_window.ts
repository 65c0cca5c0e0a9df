import type { InstanceManifest, VoiFunction, VoiSteps, VoiWindow } from "./manifest";

/** For colour there is no VOI window: this one leaves its 8-bit values as they are. */
export const IDENTITY: VoiWindow = { center: 128, width: 256 };

/**
 * The shown part, 0 to 1, of a value in modality units: DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID) and
 * C.11.2.1.3.2 (LINEAR_EXACT). The server draws the same (`imaging/windows.py`): change both or none.
 */
function part(value: number, { center, width }: VoiWindow, voi: VoiFunction): number {
  if (voi === "SIGMOID") {
    return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  }
  if (voi === "LINEAR" && width <= 1) {
    return value > center - 0.5 ? 1 : 0;
  }
  const [middle, whole] = voi === "LINEAR" ? [center - 0.5, width - 1] : [center, width];
  return Math.min(1, Math.max(0, (value - middle) / whole + 0.5));
}

/** The value in modality units that a shown part, 0 to 1, stands for: the inverse of `part`. */
function valueOf(shown: number, { center, width }: VoiWindow, voi: VoiFunction): number {
  if (voi === "SIGMOID") {
    const inside = Math.min(1 - 1e-3, Math.max(1e-3, shown));
    return center - (width / 4) * Math.log(1 / inside - 1);
  }
  return voi === "LINEAR" ? center - 0.5 + (shown - 0.5) * (width - 1) : center + (shown - 0.5) * width;
}

/** Level 0 to 255, not rounded, of a value in modality units. */
export function level(value: number, window: VoiWindow, voi: VoiFunction = "LINEAR"): number {
  return part(value, window, voi) * 255;
}

/** Level of a value through the file's own table: that of the last step at or below it. */
function stepLevel(value: number, steps: VoiSteps): number {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((steps[middle]?.[0] ?? 0) <= value) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return steps[low]?.[1] ?? 0;
}

/** For each level the value in modality units in the middle of those that the file's own table shows so. */
function valuesOfLevels(steps: VoiSteps, range: { readonly min: number; readonly max: number }): Float64Array {
  const found = new Float64Array(256).fill(NaN);
  steps.forEach(([from, shown], index) => {
    const end = Math.min(range.max, steps[index + 1]?.[0] ?? range.max);
    const start = Math.max(range.min, index === 0 ? range.min : from);
    if (start <= end) {
      found[shown] = (start + end) / 2;
    }
  });
  let last = range.min;
  return found.map((value) => (last = Number.isNaN(value) ? last : value));
}

/** The window that an instance opens with. */
export function defaultWindow(manifest: InstanceManifest): VoiWindow {
  return manifest.window ?? IDENTITY;
}

export function sameWindow(a: VoiWindow, b: VoiWindow): boolean {
  const near = Math.min(0.005, b.width / 1000);
  return Math.abs(a.center - b.center) < near && Math.abs(a.width - b.width) < near;
}

/** The window after a drag of (dx, dy) CSS px: right is wider, down is brighter (a lower centre), as radiologists expect. */
export function dragged(window: VoiWindow, dx: number, dy: number, range: number, voi: VoiFunction = "LINEAR"): VoiWindow {
  const fine = voi !== "LINEAR" && range > 0 && range < 64; // values that are fractions of one
  const whole = fine ? range : Math.max(range, 1);
  const step = whole / 512;
  const width = window.width + dx * step * Math.max(0.25, Math.min(window.width / whole, 2));
  const round = (value: number): number => (fine ? value : Math.round(value * 100) / 100);
  return { center: round(window.center - dy * step), width: round(Math.max(fine ? whole / 1000 : 1, width)) };
}

/** What to see of a value after windowing. */
export interface Tone {
  readonly window: VoiWindow;
  readonly invert: boolean;
}

/** Display value for each stored code of the lossless pixels. `values` lists what indexed codes stand for. */
export function storedLut(
  manifest: InstanceManifest,
  codes: { readonly size: number; readonly offset: number; readonly values: Int32Array | null },
  tone: Tone,
): Uint8Array {
  const { slope, intercept } = manifest.modality_lut;
  const negative = (manifest.photometric === "MONOCHROME1") !== tone.invert;
  const colour = manifest.photometric === "RGB";
  const own = colour || !sameWindow(tone.window, defaultWindow(manifest)) ? null : manifest.voi_lut;
  const lut = new Uint8Array(codes.size);
  for (let code = 0; code < codes.size; code++) {
    const stored = codes.values ? (codes.values[code] ?? 0) : code + codes.offset;
    const value = colour ? stored : stored * slope + intercept;
    const seen = own ? stepLevel(value, own) : Math.round(level(value, tone.window, manifest.voi_function));
    lut[code] = negative ? 255 - seen : seen;
  }
  return lut;
}

/**
 * Display value for each value of an 8-bit rendition, which has a window in it already (`made`, the instance's own
 * unless told): an approximation, since what that window cut off is lost. Null where nothing changes.
 */
export function renderedLut(manifest: InstanceManifest, tone: Tone, made = defaultWindow(manifest)): Uint8Array | null {
  const untouched = sameWindow(tone.window, made);
  if (!tone.invert && untouched) {
    return null;
  }
  const { voi_function: voi, voi_lut: steps } = manifest;
  const meant = steps && valuesOfLevels(steps, manifest.pixel_range);
  const mono1 = manifest.photometric === "MONOCHROME1";
  const lut = new Uint8Array(256);
  for (let shown = 0; shown < 256; shown++) {
    const was = mono1 ? 255 - shown : shown;
    const value = meant ? (meant[was] ?? 0) : valueOf(was / 255, made, voi);
    const seen = untouched ? was : Math.round(level(value, tone.window, voi));
    lut[shown] = mono1 !== tone.invert ? 255 - seen : seen;
  }
  return lut;
}
