import { type Stretch, clockWords, momentAt } from "./timeline";

interface ReplayData {
  readonly consult_id: string;
  readonly index: readonly Stretch[];
}

/** Says the time of day at which what is heard was said. */
export function mountReplay(): void {
  const data = document.getElementById("replay-data");
  const sound = document.querySelector<HTMLAudioElement>("#sound");
  const when = document.getElementById("when");
  if (!data || !sound || !when) {
    return;
  }
  const { index } = JSON.parse(data.textContent) as ReplayData;
  const draw = (): void => {
    const moment = momentAt(index, sound.currentTime);
    when.textContent = moment === null ? "" : `${clockWords(sound.currentTime)} · ${new Date(moment).toLocaleTimeString()}`;
  };
  sound.addEventListener("timeupdate", draw);
  sound.addEventListener("seeking", draw);
  draw();
}
