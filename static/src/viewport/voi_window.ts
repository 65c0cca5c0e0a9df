import type { InstanceManifest, VoiWindow } from "./manifest";

/** For colour there is no VOI window: this one leaves its 8-bit values as they are. */
export const IDENTITY: VoiWindow = { center: 128, width: 256 };

/**
 * Linear VOI function, DICOM PS3.3 C.11.2.1.2.1, with an output of 0 to 255.
 * `value` is in modality units, the width at least 1.
 */
export function linear(value: number, { center, width }: VoiWindow): number {
  const middle = center - 0.5;
  const half = (width - 1) / 2;
  if (value <= middle - half) {
    return 0;
  }
  if (value > middle + half) {
    return 255;
  }
  return ((value - middle) / (width - 1) + 0.5) * 255;
}

/** The window that an instance opens with. */
export function defaultWindow(manifest: InstanceManifest): VoiWindow {
  return manifest.window ?? IDENTITY;
}

export function sameWindow(a: VoiWindow, b: VoiWindow): boolean {
  return Math.abs(a.center - b.center) < 0.005 && Math.abs(a.width - b.width) < 0.005;
}

/** The window after a drag of (dx, dy) CSS px: right is wider, down is brighter (a lower centre), as radiologists expect. */
export function dragged(window: VoiWindow, dx: number, dy: number, range: number): VoiWindow {
  const step = Math.max(range, 1) / 512;
  const width = Math.max(1, window.width + dx * step * Math.max(0.25, Math.min(window.width / range, 2)));
  return { center: round(window.center - dy * step), width: round(width) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
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
  const lut = new Uint8Array(codes.size);
  for (let code = 0; code < codes.size; code++) {
    const stored = codes.values ? (codes.values[code] ?? 0) : code + codes.offset;
    const seen = Math.round(linear(colour ? stored : stored * slope + intercept, tone.window));
    lut[code] = negative ? 255 - seen : seen;
  }
  return lut;
}

/**
 * Display value for each value of an 8-bit rendition, which has the instance's own window in it already: an
 * approximation, since what that window cut off is lost. Null where nothing changes.
 */
export function renderedLut(manifest: InstanceManifest, tone: Tone): Uint8Array | null {
  const made = defaultWindow(manifest);
  if (!tone.invert && sameWindow(made, tone.window)) {
    return null;
  }
  const mono1 = manifest.photometric === "MONOCHROME1";
  const lut = new Uint8Array(256);
  for (let shown = 0; shown < 256; shown++) {
    const part = (mono1 ? 255 - shown : shown) / 255;
    const value = made.center - 0.5 + (part - 0.5) * (made.width - 1);
    const seen = sameWindow(made, tone.window) ? part * 255 : Math.round(linear(value, tone.window));
    lut[shown] = mono1 !== tone.invert ? 255 - seen : seen;
  }
  return lut;
}
