import { Listeners } from "./listeners";
import { captureProblem, insecureProblem, oneCameraProblem, type Device, type Problem } from "./problems";
import type { Camera } from "./signals";

export const VOICE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: { ideal: 1 },
};
/** What a cheap tablet encodes without getting hot, and a thin uplink carries. */
export const PICTURE: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 20, max: 24 },
};
/** An ultrasound's capture card, a film on a light box: sharp and slow rather than smooth. */
const DETAIL: MediaTrackConstraints = {
  width: { ideal: 1920 },
  height: { ideal: 1080 },
  frameRate: { ideal: 10, max: 15 },
};
const FACING: Readonly<Record<Camera, string>> = { front: "user", rear: "environment" };

export type Devices = Pick<
  MediaDevices,
  "getUserMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener"
> &
  Partial<Pick<MediaDevices, "getDisplayMedia">>;

/** A picture chosen by the person: a camera or capture card by its id, or a window of this computer. */
export type Source =
  | { readonly kind: "device"; readonly id: string; readonly detail: boolean }
  | { readonly kind: "window" };

export interface Wanted {
  readonly audio: boolean;
  readonly video: boolean;
}

interface CaptureEvents {
  /** The tracks, or whether they are on, changed. */
  changed: undefined;
  problem: Problem;
}

/** The page's devices; none where the browser hides them because the page is not secure. */
export function pageDevices(): Devices | null {
  return "mediaDevices" in navigator && globalThis.isSecureContext ? navigator.mediaDevices : null;
}

/**
 * This side's microphone and camera. Muting keeps the microphone open, so that speaking again is instant; turning the
 * camera off lets go of it, so that its light goes out. Whatever fails is a Problem, never an exception.
 */
export class Capture {
  audioTrack: MediaStreamTrack | null = null;
  videoTrack: MediaStreamTrack | null = null;
  /** Which camera is on, or was last. */
  camera: Camera = "front";
  /** What was chosen in place of a camera that faces somebody; null for those. */
  source: Source | null = null;

  private readonly listeners = new Listeners<CaptureEvents>();
  private muted = false;
  private resting = false;
  private work: Promise<unknown> = Promise.resolve();
  private closed = true;

  constructor(private readonly devices: Devices | null) {
    devices?.addEventListener("devicechange", this.devicesChanged);
  }

  get audioOn(): boolean {
    return this.audioTrack !== null && !this.muted;
  }

  get videoOn(): boolean {
    return this.videoTrack !== null;
  }

  /** The picture that is sent: none while the camera is lent, for it then has another size. */
  get sentVideoTrack(): MediaStreamTrack | null {
    return this.resting ? null : this.videoTrack;
  }

  on<Name extends keyof CaptureEvents>(name: Name, handler: (value: CaptureEvents[Name]) => void): () => void {
    return this.listeners.on(name, handler);
  }

  /** Opens what is wanted; the microphone is opened even when it is to start muted. Gives what went wrong. */
  open(wanted: Wanted): Promise<Problem[]> {
    return this.inTurn(async () => {
      this.closed = false;
      if (this.devices === null) {
        return [insecureProblem()];
      }
      this.muted = !wanted.audio;
      const problems = await this.acquire(this.devices, this.audioTrack === null, wanted.video && !this.videoTrack);
      this.applyMute();
      this.listeners.emit("changed", undefined);
      return problems;
    });
  }

  /** Mutes or unmutes; opens the microphone if it could not be opened before. */
  setAudio(on: boolean): Promise<Problem | null> {
    return this.inTurn(async () => {
      this.muted = !on;
      const problems = on && this.audioTrack === null ? await this.acquireIfAny(true, false) : [];
      this.applyMute();
      this.listeners.emit("changed", undefined);
      return problems[0] ?? null;
    });
  }

  /** Turns the camera on, or off and lets go of it. */
  setVideo(on: boolean): Promise<Problem | null> {
    return this.inTurn(async () => {
      if (on === this.videoOn) {
        return null;
      }
      const problems = on ? await this.acquireIfAny(false, true) : this.dropVideo();
      this.hint();
      this.listeners.emit("changed", undefined);
      return problems[0] ?? null;
    });
  }

  /** Changes to the other camera; where there is none the present one goes on, and the Problem says so. */
  flip(): Promise<Problem | null> {
    return this.inTurn(async () => {
      const problem = this.devices === null ? insecureProblem() : await this.flipWith(this.devices);
      this.listeners.emit("changed", undefined);
      return problem;
    });
  }

  /**
   * Shows what was chosen in place of the present picture; what cannot be shown leaves the present one. Two sources at
   * once are more than most tablets can: the present one is given up before another camera is asked for.
   */
  show(source: Source): Promise<Problem | null> {
    return this.inTurn(async () => {
      if (this.devices === null) {
        return insecureProblem();
      }
      const problem = source.kind === "window" ? await this.showWindow(this.devices) : await this.showDevice(this.devices, source);
      this.hint();
      this.listeners.emit("changed", undefined);
      return problem;
    });
  }

  /** Speaks by another microphone from now on. */
  useMicrophone(id: string): Promise<Problem | null> {
    return this.inTurn(async () => {
      const asked = { audio: { ...VOICE, deviceId: { exact: id } } };
      const problem = this.devices === null ? insecureProblem() : await this.acquireOne(this.devices, "microphone", asked);
      this.applyMute();
      this.listeners.emit("changed", undefined);
      return problem;
    });
  }

  /** Lends the camera: nothing of it is sent until `use` is done with it. Null when it is off. */
  lendCamera<T>(use: (track: MediaStreamTrack) => Promise<T>): Promise<T | null> {
    return this.inTurn(async () => {
      const track = this.videoTrack;
      if (track === null) {
        return null;
      }
      this.resting = true;
      this.listeners.emit("changed", undefined);
      try {
        return await use(track);
      } finally {
        this.resting = false;
        this.listeners.emit("changed", undefined);
      }
    });
  }

  /** Lets go of microphone and camera. */
  close(): void {
    this.closed = true;
    this.setTrack("microphone", null);
    this.setTrack("camera", null);
    this.listeners.emit("changed", undefined);
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.work.then(task);
    this.work = turn.catch(() => undefined);
    return turn;
  }

  private acquireIfAny(audio: boolean, video: boolean): Promise<Problem[]> {
    return this.devices === null ? Promise.resolve([insecureProblem()]) : this.acquire(this.devices, audio, video);
  }

  private async acquire(devices: Devices, audio: boolean, video: boolean): Promise<Problem[]> {
    if (audio && video && (await this.acquireBoth(devices))) {
      return [];
    }
    // One at a time, so that a missing camera does not cost the voice, and each failure is said by itself.
    const problems = [
      audio ? await this.acquireOne(devices, "microphone", { audio: VOICE }) : null,
      video ? await this.acquireOne(devices, "camera", { video: this.picture(this.camera) }) : null,
    ];
    return problems.filter((problem) => problem !== null);
  }

  /** One request, so that the browser asks the person once. */
  private async acquireBoth(devices: Devices): Promise<boolean> {
    try {
      this.take(await devices.getUserMedia({ audio: VOICE, video: this.picture(this.camera) }));
      return true;
    } catch {
      return false;
    }
  }

  private async acquireOne(devices: Devices, device: Device, asked: MediaStreamConstraints): Promise<Problem | null> {
    try {
      this.take(await devices.getUserMedia(asked));
      return null;
    } catch (error) {
      return captureProblem(error, device);
    }
  }

  private async showWindow(devices: Devices): Promise<Problem | null> {
    try {
      const stream = await devices.getDisplayMedia?.({ video: DETAIL, audio: false });
      if (stream) {
        this.source = { kind: "window" };
        this.take(stream);
      }
      return null;
    } catch (error) {
      // The person closed the browser's question: nothing is wrong.
      return error instanceof DOMException && error.name === "NotAllowedError" ? null : captureProblem(error, "camera");
    }
  }

  private async showDevice(devices: Devices, source: Extract<Source, { kind: "device" }>): Promise<Problem | null> {
    const before = this.source;
    this.dropVideo();
    this.source = source;
    const asked = { ...(source.detail ? DETAIL : PICTURE), deviceId: { exact: source.id } };
    const problem = await this.acquireOne(devices, "camera", { video: asked });
    if (problem !== null) {
      this.source = before;
      await this.acquireOne(devices, "camera", { video: this.picture(this.camera) });
    }
    return problem;
  }

  /** Tells the encoder what matters: then it gives up frames before it gives up lines (W3C mst-content-hint, 5.2). */
  private hint(): void {
    if (this.videoTrack !== null) {
      const isDetail = this.source?.kind === "window" || (this.source?.kind === "device" && this.source.detail);
      this.videoTrack.contentHint = isDetail ? "detail" : "";
    }
  }

  private picture(camera: Camera): MediaTrackConstraints {
    if (this.source?.kind === "device") {
      return { ...(this.source.detail ? DETAIL : PICTURE), deviceId: { ideal: this.source.id } };
    }
    return { ...PICTURE, facingMode: { ideal: FACING[camera] } };
  }

  private async flipWith(devices: Devices): Promise<Problem | null> {
    this.source = null;
    const present = this.camera;
    const other: Camera = present === "front" ? "rear" : "front";
    const before = this.videoTrack?.getSettings().deviceId ?? "";
    // Many tablets cannot hold two cameras at once: the first is given up before the second is asked for.
    this.dropVideo();
    const facing = { ...PICTURE, facingMode: { exact: FACING[other] } };
    if ((await this.acquireOne(devices, "camera", { video: facing })) === null) {
      this.camera = other;
      return null;
    }
    const next = await this.otherCamera(devices, before);
    const chosen = next === null ? null : { ...PICTURE, deviceId: { exact: next } };
    if (chosen !== null && (await this.acquireOne(devices, "camera", { video: chosen })) === null) {
      this.camera = other;
      return null;
    }
    const back = { ...PICTURE, ...(before === "" ? { facingMode: FACING[present] } : { deviceId: { ideal: before } }) };
    return (await this.acquireOne(devices, "camera", { video: back })) ?? oneCameraProblem();
  }

  /** Cameras that do not say which way they face (a laptop's, a USB one) are taken in turn. */
  private async otherCamera(devices: Devices, before: string): Promise<string | null> {
    const cameras = (await devices.enumerateDevices()).filter((device) => device.kind === "videoinput");
    const at = cameras.findIndex((camera) => camera.deviceId === before);
    const next = cameras[(at + 1) % cameras.length];
    return next === undefined || next.deviceId === before ? null : next.deviceId;
  }

  private take(stream: MediaStream): void {
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    if (this.closed) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    if (audio) {
      this.setTrack("microphone", audio);
    }
    if (video) {
      const facing = video.getSettings().facingMode;
      this.camera = facing === "environment" ? "rear" : facing === "user" ? "front" : this.camera;
      this.setTrack("camera", video);
    }
  }

  private setTrack(device: Device, track: MediaStreamTrack | null): void {
    const before = device === "microphone" ? this.audioTrack : this.videoTrack;
    if (device === "microphone") {
      this.audioTrack = track;
    } else {
      this.videoTrack = track;
    }
    before?.stop();
    track?.addEventListener("ended", () => void this.ended(device, track));
  }

  private dropVideo(): Problem[] {
    this.setTrack("camera", null);
    return [];
  }

  private applyMute(): void {
    if (this.audioTrack !== null) {
      this.audioTrack.enabled = !this.muted;
    }
  }

  /** Fires only when the device itself goes (unplugged, taken by the system), not when we stop it. */
  private async ended(device: Device, track: MediaStreamTrack): Promise<void> {
    const held = device === "microphone" ? this.audioTrack : this.videoTrack;
    if (held !== track) {
      return;
    }
    const problem = await this.inTurn(async () => {
      this.setTrack(device, null);
      if (device === "camera" && this.source?.kind === "window") {
        this.source = null; // the person stopped showing it: the camera stays off until they want it
        return undefined;
      }
      const [found] = await this.acquireIfAny(device === "microphone", device === "camera");
      this.applyMute();
      this.hint();
      return found;
    });
    this.listeners.emit("changed", undefined);
    if (problem) {
      this.listeners.emit("problem", problem);
    }
  }

  /** A microphone that was missing may be there now; one that went is told by its track's end. */
  private readonly devicesChanged = (): void => {
    if (!this.closed && this.audioTrack === null && !this.muted) {
      void this.setAudio(true);
    }
  };
}
