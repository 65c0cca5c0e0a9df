import { captureProblem, insecureProblem, type Problem } from "../call/problems";
import { pageDevices, PICTURE, VOICE } from "../call/capture";

export type Found = { readonly track: MediaStreamTrack } | { readonly problem: Problem };

/** Opens the microphone or the camera alone, so that each failure is said by itself. */
export async function open(device: "microphone" | "camera"): Promise<Found> {
  const devices = pageDevices();
  if (devices === null) {
    return { problem: insecureProblem() };
  }
  try {
    const stream = await devices.getUserMedia(device === "microphone" ? { audio: VOICE } : { video: PICTURE });
    const [track] = stream.getTracks();
    return track ? { track } : { problem: captureProblem(null, device) };
  } catch (error) {
    return { problem: captureProblem(error, device) };
  }
}

/** How loud a microphone is, 0 to 1, told some ten times a second; returns what stops it. */
export function listen(track: MediaStreamTrack, level: (value: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    level(Math.max(...samples.map(Math.abs)));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** A second of a soft tone from the speaker. */
export async function playTone(): Promise<void> {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = 440;
  volume.gain.setValueAtTime(0, context.currentTime);
  volume.gain.linearRampToValueAtTime(0.3, context.currentTime + 0.05);
  volume.gain.linearRampToValueAtTime(0, context.currentTime + 1);
  tone.connect(volume).connect(context.destination);
  const ended = new Promise((resolve) => tone.addEventListener("ended", resolve));
  tone.start();
  tone.stop(context.currentTime + 1);
  await ended;
  await context.close();
}
