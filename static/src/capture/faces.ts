const SIDE = 160;
const PATIENCE_MS = 8000;

/** A small picture of a photo or a video, made by the browser itself; null where it cannot show the file. */
export async function makeFace(file: File): Promise<Blob | null> {
  try {
    if (file.type.startsWith("image/")) {
      return await ofImage(file);
    }
    return file.type.startsWith("video/") ? await ofVideo(file) : null;
  } catch {
    return null; // HEIC on most tablets, a damaged photo: the server says what it is
  }
}

async function ofImage(file: File): Promise<Blob | null> {
  const whole = await createImageBitmap(file, { resizeWidth: SIDE, resizeQuality: "medium" });
  try {
    return await drawn(whole, whole.width, whole.height);
  } finally {
    whole.close();
  }
}

async function ofVideo(file: File): Promise<Blob | null> {
  const video = document.createElement("video");
  const url = URL.createObjectURL(file);
  try {
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    const loaded = happened(video, "loadeddata");
    video.src = url;
    await loaded;
    return await drawn(video, video.videoWidth, video.videoHeight);
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  }
}

function happened(video: HTMLVideoElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("too slow")), PATIENCE_MS);
    video.addEventListener(event, () => resolve(), { once: true });
    video.addEventListener("error", () => reject(new Error("not shown")), { once: true });
  });
}

function drawn(picture: CanvasImageSource, width: number, height: number): Promise<Blob | null> {
  const share = Math.min(1, SIDE / Math.max(1, width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * share));
  canvas.height = Math.max(1, Math.round(height * share));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.7));
}
