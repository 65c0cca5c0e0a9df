const NOTES = [
  { hertz: 660, at: 0 },
  { hertz: 880, at: 0.18 },
];
const NOTE_SECONDS = 0.16;
const LOUDNESS = 0.2;

/** Two soft notes. Browsers stay silent until the person has touched the page: `ready` says whether it may sound. */
export class Chime {
  private context: AudioContext | undefined;

  get ready(): boolean {
    return this.context?.state === "running";
  }

  /** Call from a tap or a key; resolves once it may sound, or not. */
  async allow(): Promise<boolean> {
    this.context ??= new AudioContext();
    await this.context.resume();
    return this.ready;
  }

  play(): void {
    const context = this.context;
    if (context?.state !== "running") {
      return;
    }
    for (const note of NOTES) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const start = context.currentTime + note.at;
      tone.frequency.value = note.hertz;
      volume.gain.setValueAtTime(LOUDNESS, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + NOTE_SECONDS);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + NOTE_SECONDS);
    }
  }
}
