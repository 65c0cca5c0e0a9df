import { t } from "../ui/text";

export type Device = "microphone" | "camera";

/** Something that is wrong with the call on this side, said to the person: what it is, and what to do about it. */
export interface Problem {
  /** Stable: insecure, refused, missing, busy, unsuitable, one_camera, not_joined, or a server's error code. */
  readonly code: string;
  readonly device: Device | null;
  readonly sentence: string;
  readonly advice: string;
}

type Words = Pick<Problem, "code" | "sentence" | "advice">;

function microphoneWords(name: string): Words {
  switch (name) {
    case "NotAllowedError":
      return {
        code: "refused",
        sentence: t("The browser may not use the microphone."),
        advice: t("Tap the lock beside the address, allow the microphone, then join again."),
      };
    case "NotFoundError":
      return {
        code: "missing",
        sentence: t("No microphone was found."),
        advice: t("Plug in a headset, or use a device with a microphone. You can hear the others without one."),
      };
    case "NotReadableError":
      return {
        code: "busy",
        sentence: t("Another app is using the microphone."),
        advice: t("End phone calls and close other apps that record, then try again."),
      };
    default:
      return {
        code: "unsuitable",
        sentence: t("The microphone could not be started."),
        advice: t("Unplug and plug it in again, or restart the browser, then try again."),
      };
  }
}

function cameraWords(name: string): Words {
  switch (name) {
    case "NotAllowedError":
      return {
        code: "refused",
        sentence: t("The browser may not use the camera."),
        advice: t("Tap the lock beside the address, allow the camera, then turn the camera on again."),
      };
    case "NotFoundError":
      return {
        code: "missing",
        sentence: t("No camera was found."),
        advice: t("You are heard without one. To be seen, plug in a camera and turn it on here."),
      };
    case "NotReadableError":
      return {
        code: "busy",
        sentence: t("Another app is using the camera."),
        advice: t("Close the other app, then turn the camera on again."),
      };
    case "OverconstrainedError":
      return {
        code: "unsuitable",
        sentence: t("This camera cannot give the picture that was asked for."),
        advice: t("Choose the other camera, or go on with voice only."),
      };
    default:
      return {
        code: "unsuitable",
        sentence: t("The camera could not be started."),
        advice: t("Turn it on again. If that does not help, restart the browser; your voice goes on meanwhile."),
      };
  }
}

// Older names of the same errors, and those that mean the same to a person.
const SAME: Readonly<Record<string, string>> = {
  SecurityError: "NotAllowedError",
  PermissionDeniedError: "NotAllowedError",
  DevicesNotFoundError: "NotFoundError",
  TrackStartError: "NotReadableError",
  AbortError: "NotReadableError",
  ConstraintNotSatisfiedError: "OverconstrainedError",
};

/** Why `getUserMedia` gave no track, in words (Media Capture and Streams, 10.2: the names of its errors). */
export function captureProblem(error: unknown, device: Device): Problem {
  const given = error instanceof Error || error instanceof DOMException ? error.name : "";
  const name = SAME[given] ?? given;
  return { device, ...(device === "microphone" ? microphoneWords(name) : cameraWords(name)) };
}

/** Browsers hide camera and microphone from pages that did not come over https. */
export function insecureProblem(): Problem {
  return {
    code: "insecure",
    device: null,
    sentence: t("This page did not come over a secure connection, so the browser hides camera and microphone."),
    advice: t("Open the page with https:// in front of its address."),
  };
}

/** Asked for the other camera on a device that has one. */
export function oneCameraProblem(): Problem {
  return {
    code: "one_camera",
    device: "camera",
    sentence: t("This device has only one camera that the browser can use."),
    advice: t("Turn the device round to show something else."),
  };
}

/** The server did not let us into the call, or could not be asked. */
export function joinProblem(error: unknown): Problem {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "not_joined";
  const known = error instanceof Error && code !== "not_joined" && error.message !== "";
  return {
    code,
    device: null,
    sentence: known ? error.message : t("You could not join the call."),
    advice: code === "call_full" ? t("Ask someone who no longer needs the call to leave it.") : t("Try again."),
  };
}
