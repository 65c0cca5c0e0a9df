/** A picture taken with a camera, and its size in pixels. */
export interface TakenStill {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
}

const PHOTO_MS = 8000; // a tablet focuses and meters before it takes a photo
const FRAME_MS = 3000;
const JPEG_QUALITY = 0.92;
const NEAR_ENOUGH = 0.9; // of the largest frame: a photo with other proportions may have a little less

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The largest still that the camera of this track gives: a photo where the browser takes photos, else a frame at the
 * camera's own size, whatever the track was opened with. The track is afterwards as it was. Chromium gives a clone or a
 * second stream of an open camera the first one's size, so it is this track that has to change for a moment.
 */
export async function fullStill(track: MediaStreamTrack): Promise<TakenStill> {
  const most = largest(track);
  const photo = await inTime(photoOf(track), PHOTO_MS).catch(() => null);
  if (photo !== null && area(photo) >= NEAR_ENOUGH * area(most)) {
    return photo;
  }
  try {
    const frame = await largestFrame(track, most);
    return photo !== null && area(photo) > area(frame) ? photo : frame;
  } catch (error) {
    if (photo !== null && track.readyState === "live") {
      return photo;
    }
    throw error;
  }
}

function area({ width, height }: Size): number {
  return width * height;
}

/** What the camera says that it can; where the browser does not tell, what is tried. */
function largest(track: MediaStreamTrack): Size {
  const can = "getCapabilities" in track ? track.getCapabilities() : {};
  return { width: can.width?.max ?? 1920, height: can.height?.max ?? 1080 };
}

async function photoOf(track: MediaStreamTrack): Promise<TakenStill | null> {
  if (!("ImageCapture" in globalThis)) {
    return null;
  }
  const camera = new ImageCapture(track);
  const can = await camera.getPhotoCapabilities();
  const [imageWidth, imageHeight] = [can.imageWidth?.max, can.imageHeight?.max];
  const size = imageWidth !== undefined && imageHeight !== undefined ? { imageWidth, imageHeight } : {};
  const blob = await camera.takePhoto(size).catch(() => camera.takePhoto());
  const { width, height } = await sizeOf(blob);
  return { blob, width, height };
}

async function sizeOf(blob: Blob): Promise<Size> {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

async function largestFrame(track: MediaStreamTrack, most: Size): Promise<TakenStill> {
  const before = track.getConstraints();
  // Without the wish for a frame rate: many cameras give their largest picture slowly.
  const raised = { ...before, frameRate: {}, width: { ideal: most.width }, height: { ideal: most.height } };
  await track.applyConstraints(raised).catch(() => undefined); // then a frame of the size that there is
  try {
    return await encoded(await frameOf(track));
  } finally {
    if (track.readyState === "live") {
      await track.applyConstraints(before).catch(() => undefined);
    }
  }
}

/** A frame that has the track's present size: the first ones after a change may still be of the size before. */
async function frameOf(track: MediaStreamTrack): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  const until = performance.now() + FRAME_MS;
  await inTime(video.play(), FRAME_MS);
  for (;;) {
    await inTime(nextFrame(video), FRAME_MS);
    const { width = 0, height = 0 } = track.getSettings();
    // A tablet held upright turns the picture: then width and height change places.
    if (video.videoWidth * video.videoHeight >= width * height || performance.now() > until) {
      return video;
    }
  }
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback(() => resolve());
    } else {
      setTimeout(resolve, 100);
    }
  });
}

async function encoded(video: HTMLVideoElement): Promise<TakenStill> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  video.srcObject = null;
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  if (blob === null || canvas.width === 0) {
    throw new Error("the camera gave no frame");
  }
  return { blob, width: canvas.width, height: canvas.height };
}

function inTime<T>(work: Promise<T>, most: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the camera took too long")), most);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
