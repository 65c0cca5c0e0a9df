import { beforeEach, describe, expect, test } from "vitest";
import { Capture } from "./capture";
import { FakeDevices, FakeTrack, settle } from "./fakes";
import { captureProblem, joinProblem, type Problem } from "./problems";

let devices: FakeDevices;
let capture: Capture;

beforeEach(() => {
  devices = new FakeDevices();
  capture = new Capture(devices.as());
});

describe("opening", () => {
  test("asks the person once for both, gently: little, echo-free, mono", async () => {
    expect(await capture.open({ audio: true, video: true })).toEqual([]);
    expect(devices.asked).toHaveLength(1);
    expect(devices.asked[0]).toMatchObject({
      audio: { echoCancellation: true, channelCount: { ideal: 1 } },
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: { ideal: "user" } },
    });
    expect([capture.audioOn, capture.videoOn]).toEqual([true, true]);
  });

  test("a missing camera does not cost the voice", async () => {
    devices.fail = (asked) => (asked.video ? "NotFoundError" : null);
    const problems = await capture.open({ audio: true, video: true });
    expect(problems.map((problem) => [problem.device, problem.code])).toEqual([["camera", "missing"]]);
    expect([capture.audioOn, capture.videoOn]).toEqual([true, false]);
  });

  test("a refused microphone and a busy camera are told apart", async () => {
    devices.fail = (asked) => (asked.audio ? "NotAllowedError" : "NotReadableError");
    const problems = await capture.open({ audio: true, video: true });
    expect(problems.map((problem) => problem.code)).toEqual(["refused", "busy"]);
  });

  test("without a secure page there are no devices, and it says so", async () => {
    const [problem] = await new Capture(null).open({ audio: true, video: true });
    expect(problem).toMatchObject({ code: "insecure", advice: "Open the page with https:// in front of its address." });
  });

  test("tracks that come after everything was closed are let go at once", async () => {
    const opening = capture.open({ audio: true, video: true });
    await settle();
    capture.close();
    await opening;
    expect(capture.audioTrack).toBeNull();
    expect(devices.given.every((track) => track.readyState === "ended")).toBe(true);
  });
});

describe("while it runs", () => {
  test("muting keeps the microphone and silences it", async () => {
    await capture.open({ audio: true, video: false });
    await capture.setAudio(false);
    expect(capture.audioTrack).toMatchObject({ readyState: "live", enabled: false });
    await capture.setAudio(true);
    expect(capture.audioTrack).toMatchObject({ enabled: true });
    expect(devices.asked).toHaveLength(1);
  });

  test("the camera turned off is let go", async () => {
    await capture.open({ audio: true, video: true });
    await capture.setVideo(false);
    expect(devices.given[1]!.readyState).toBe("ended");
    await capture.setVideo(true);
    expect(capture.videoOn).toBe(true);
  });

  test("flipping gives up the first camera before it asks for the second", async () => {
    await capture.open({ audio: true, video: true });
    let heldWhenAsked: string | undefined;
    devices.fail = () => {
      heldWhenAsked ??= devices.given[1]!.readyState;
      return null;
    };
    expect(await capture.flip()).toBeNull();
    expect(heldWhenAsked).toBe("ended");
    expect(devices.asked.at(-1)).toMatchObject({ video: { facingMode: { exact: "environment" } } });
    expect(capture.camera).toBe("rear");
  });

  test("cameras that do not say which way they face are taken in turn", async () => {
    await capture.open({ audio: true, video: true });
    devices.cameras = ["one", "two"];
    devices.fail = (asked) => (JSON.stringify(asked).includes("environment") ? "OverconstrainedError" : null);
    expect(await capture.flip()).toBeNull();
    expect(capture.videoTrack?.getSettings().deviceId).toBe("two");
  });

  test("with one camera flipping says so and the camera goes on", async () => {
    await capture.open({ audio: true, video: true });
    devices.fail = (asked) => (JSON.stringify(asked).includes("environment") ? "OverconstrainedError" : null);
    expect(await capture.flip()).toMatchObject({ code: "one_camera" });
    expect([capture.videoOn, capture.camera]).toEqual([true, "front"]);
  });

  test("a microphone that is unplugged is replaced by the next one", async () => {
    await capture.open({ audio: true, video: false });
    devices.given[0]!.dispatchEvent(new Event("ended"));
    await settle();
    expect(capture.audioTrack).toBe(devices.given[1]);
  });

  test("a microphone that is unplugged with no other is a problem in words", async () => {
    const told: Problem[] = [];
    capture.on("problem", (problem) => told.push(problem));
    await capture.open({ audio: true, video: false });
    devices.fail = () => "NotFoundError";
    devices.given[0]!.dispatchEvent(new Event("ended"));
    await settle();
    expect(told.map((problem) => problem.sentence)).toEqual(["No microphone was found."]);
  });

  test("a microphone plugged in later is taken without being asked for", async () => {
    devices.fail = () => "NotFoundError";
    await capture.open({ audio: true, video: false });
    devices.fail = () => null;
    devices.dispatchEvent(new Event("devicechange"));
    await settle();
    expect(capture.audioOn).toBe(true);
  });
});

describe("what is said", () => {
  test.each([
    ["NotAllowedError", "refused", "The browser may not use the camera."],
    ["SecurityError", "refused", "The browser may not use the camera."],
    ["NotFoundError", "missing", "No camera was found."],
    ["NotReadableError", "busy", "Another app is using the camera."],
    ["AbortError", "busy", "Another app is using the camera."],
    ["OverconstrainedError", "unsuitable", "This camera cannot give the picture that was asked for."],
    ["SomethingElse", "unsuitable", "The camera could not be started."],
  ])("%s is %s", (name, code, sentence) => {
    const problem = captureProblem(new DOMException("", name), "camera");
    expect(problem).toMatchObject({ code, sentence, device: "camera" });
    expect(problem.advice).not.toBe("");
  });

  test.each(["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError"])(
    "%s of a microphone names the microphone and what to do",
    (name) => {
      const problem = captureProblem(new DOMException("", name), "microphone");
      expect(`${problem.sentence} ${problem.advice}`).toMatch(/microphone/i);
    },
  );

  test("a server's refusal is told in its own words", () => {
    const refusal = Object.assign(new Error("The call is full."), { code: "call_full" });
    expect(joinProblem(refusal)).toMatchObject({ code: "call_full", sentence: "The call is full." });
    expect(joinProblem("?")).toMatchObject({ code: "not_joined", sentence: "You could not join the call." });
  });
});

describe("other sources", () => {
  const card = { kind: "device", id: "card", detail: true } as const;

  test("a capture card is asked for large and slow, told to be sharp, and comes back after off and on", async () => {
    await capture.open({ audio: true, video: true });
    expect(await capture.show(card)).toBeNull();
    expect(devices.asked.at(-1)).toMatchObject({ video: { deviceId: { exact: "card" }, width: { ideal: 1920 }, frameRate: { max: 15 } } });
    expect(capture.videoTrack).toMatchObject({ contentHint: "detail", readyState: "live" });
    expect(devices.given[1]!.readyState).toBe("ended");
    await capture.setVideo(false);
    await capture.setVideo(true);
    expect(devices.asked.at(-1)).toMatchObject({ video: { deviceId: { ideal: "card" } } });
    expect(capture.videoTrack).toMatchObject({ contentHint: "detail" });
    await capture.flip();
    expect(capture.source).toBeNull();
  });

  test("one that is busy leaves the camera as it was, and says so", async () => {
    await capture.open({ audio: true, video: true });
    devices.fail = ({ video }) => (JSON.stringify(video ?? "").includes("card") ? "NotReadableError" : null);
    expect(await capture.show(card)).toMatchObject({ code: "busy" });
    expect(capture.source).toBeNull();
    expect(capture.videoOn).toBe(true);
  });

  test("a window takes the camera's place; stopped by the browser, nothing is shown", async () => {
    await capture.open({ audio: true, video: true });
    const shared = new FakeTrack("video", "window");
    const stream = { getAudioTracks: () => [], getVideoTracks: () => [shared], getTracks: () => [shared] };
    const ended = new Promise<void>((resolve) => void capture.on("changed", () => capture.videoOn || resolve()));
    Object.assign(devices, { getDisplayMedia: () => Promise.resolve(stream) });
    expect(await capture.show({ kind: "window" })).toBeNull();
    expect(capture.videoTrack).toBe(shared);
    shared.dispatchEvent(new Event("ended"));
    await ended;
    expect([capture.source, capture.videoOn]).toEqual([null, false]);
  });

  test("a window that the person did not choose after all changes nothing", async () => {
    await capture.open({ audio: true, video: true });
    const before = capture.videoTrack;
    Object.assign(devices, { getDisplayMedia: () => Promise.reject(new DOMException("", "NotAllowedError")) });
    expect(await capture.show({ kind: "window" })).toBeNull();
    expect(capture.videoTrack).toBe(before);
    expect(before?.readyState).toBe("live");
  });

  test("another microphone takes over muted as the first one was", async () => {
    await capture.open({ audio: false, video: false });
    expect(await capture.useMicrophone("headset")).toBeNull();
    expect(devices.asked.at(-1)).toMatchObject({ audio: { deviceId: { exact: "headset" }, echoCancellation: true } });
    expect(capture.audioTrack).toMatchObject({ enabled: false });
  });
});

describe("a camera that is lent for a still", () => {
  test("is not sent meanwhile, and is again afterwards, also when no still came of it", async () => {
    await capture.open({ audio: true, video: true });
    const camera = capture.videoTrack;
    const sent: unknown[] = [];
    capture.on("changed", () => sent.push(capture.sentVideoTrack));
    expect(await capture.lendCamera((track) => Promise.resolve([track, capture.sentVideoTrack]))).toEqual([camera, null]);
    await expect(capture.lendCamera(() => Promise.reject(new Error("unplugged")))).rejects.toThrow("unplugged");
    expect(sent).toEqual([null, camera, null, camera]);
    expect(capture.videoOn).toBe(true);
  });

  test("is none while it is off", async () => {
    await capture.open({ audio: true, video: false });
    expect(await capture.lendCamera(() => Promise.resolve("a still"))).toBeNull();
  });
});
