import { glare, proposedCorners, sharpness } from "./film_checks";
import { type Corner, type Pixels, type Quad, straightened, straightSize } from "./film_geometry";
import type { FilmReply, FilmRequest } from "./film_work";

/** Only the part of a worker's scope used here: the page's own types are loaded beside it. */
interface Scope {
  onmessage: ((event: MessageEvent<FilmRequest>) => void) | null;
  postMessage(message: FilmReply): void;
}

declare const self: Scope;

type Distributed<T> = T extends unknown ? Omit<T, "number"> : never;
type Answer = Distributed<FilmReply>;

const LONGEST_LOOKED_AT = 160;
const LONGEST_FILM = 2400;
const LONGEST_PHOTO = 4096; // more than a film's photo tells, and twice a tablet's memory
const JUDGED_SIDE = 1024; // of the middle, in its own pixels: a hand's tremor is small
const FILM_QUALITY = 0.93;
const PHOTO_QUALITY = 0.95;

let photo: Pixels | undefined;
let small: Pixels | undefined;

function canvasOf(image: ImageBitmap, longest: number): OffscreenCanvas {
  const scale = Math.min(1, longest / Math.max(image.width, image.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)));
  context(canvas).drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const found = canvas.getContext("2d", { willReadFrequently: true });
  if (!found) {
    throw new Error("no canvas");
  }
  return found;
}

function pixelsOf(canvas: OffscreenCanvas): Pixels {
  return context(canvas).getImageData(0, 0, canvas.width, canvas.height);
}

function scaled(quad: Quad, by: number): Quad {
  const one = ({ x, y }: Corner): Corner => ({ x: x * by, y: y * by });
  return [one(quad[0]), one(quad[1]), one(quad[2]), one(quad[3])];
}

async function open(file: Blob): Promise<Answer> {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  photo = pixelsOf(canvasOf(image, LONGEST_PHOTO));
  small = pixelsOf(canvasOf(image, LONGEST_LOOKED_AT));
  image.close();
  const { width, height } = photo;
  return { kind: "opened", width, height, proposed: scaled(proposedCorners(small), width / small.width) };
}

function look(quad: Quad): Answer {
  if (!photo || !small) {
    throw new Error("no photo is open");
  }
  const { width, height } = straightSize(quad, LONGEST_LOOKED_AT);
  const film = straightened(small, scaled(quad, small.width / photo.width), width, height);
  return { kind: "looked", glare: glare({ width, height, data: film }) };
}

async function straighten(quad: Quad): Promise<Answer> {
  if (!photo) {
    throw new Error("no photo is open");
  }
  const { width, height } = straightSize(quad, LONGEST_FILM);
  const canvas = new OffscreenCanvas(width, height);
  context(canvas).putImageData(new ImageData(straightened(photo, quad, width, height), width, height), 0, 0);
  return { kind: "straight", film: await canvas.convertToBlob({ type: "image/jpeg", quality: FILM_QUALITY }) };
}

async function judge(shots: readonly ImageBitmap[]): Promise<Answer> {
  const scores: number[] = [];
  const photos: Blob[] = [];
  for (const shot of shots) {
    const canvas = canvasOf(shot, Math.max(shot.width, shot.height));
    shot.close();
    const [width, height] = [Math.min(JUDGED_SIDE, canvas.width), Math.min(JUDGED_SIDE, canvas.height)];
    const [left, top] = [Math.floor((canvas.width - width) / 2), Math.floor((canvas.height - height) / 2)];
    scores.push(sharpness(context(canvas).getImageData(left, top, width, height)));
    photos.push(await canvas.convertToBlob({ type: "image/jpeg", quality: PHOTO_QUALITY }));
  }
  return { kind: "judged", scores, photos };
}

function answer(request: FilmRequest): Answer | Promise<Answer> {
  switch (request.kind) {
    case "open":
      return open(request.photo);
    case "look":
      return look(request.quad);
    case "straighten":
      return straighten(request.quad);
    case "judge":
      return judge(request.shots);
  }
}

self.onmessage = ({ data }) => {
  Promise.resolve()
    .then(() => answer(data))
    .catch((error: unknown): Answer => {
      console.warn("a photo could not be worked on:", error instanceof Error ? error.message : error);
      return { kind: "failed" };
    })
    .then((found) => self.postMessage({ ...found, number: data.number }))
    .catch(() => undefined);
};
