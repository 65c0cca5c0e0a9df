/** One stretch of a recording without a pause: from second `at` of the sound, begun at `began` (ms since 1970). */
export interface Stretch {
  readonly at: number;
  readonly began: number;
  readonly seconds: number;
}

/** Which moment (ms since 1970) is heard at a second of the sound; pauses are left out of the sound, not of the day. */
export function momentAt(index: readonly Stretch[], second: number): number | null {
  const found = index.findLast((one) => one.at <= second) ?? index[0];
  return found ? found.began + Math.max(0, second - found.at) * 1000 : null;
}

/** At which second of the sound a moment is heard; what happened in a pause is where the sound goes on after it. */
export function secondOf(index: readonly Stretch[], moment: number): number {
  const found = index.findLast((one) => one.began <= moment);
  if (!found) {
    return 0;
  }
  return found.at + Math.min((moment - found.began) / 1000, found.seconds);
}

/** "3:07", or "1:02:07" after an hour. */
export function clockWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
