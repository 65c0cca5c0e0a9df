// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  apply,
  edgesOnScreen,
  fit,
  fitZoom,
  flipped,
  followed,
  inverse,
  matrixOf,
  pan,
  type Placement,
  regauged,
  rotated,
  toImage,
  toScreen,
  visibleRect,
  zoomAt,
} from "./view";

const IMAGE = { width: 2000, height: 1500 };
const VIEWPORT = { width: 800, height: 600 };

function near(a: { x: number; y: number }, b: { x: number; y: number }): void {
  expect(a.x).toBeCloseTo(b.x, 6);
  expect(a.y).toBeCloseTo(b.y, 6);
}

function everyTurn(check: (placement: Placement) => void): void {
  for (const rotation of [0, 90, 180, 270] as const) {
    for (const flip of [false, true]) {
      check({ center: { x: 700, y: 300 }, zoom: 0.75, rotation, flip });
    }
  }
}

describe("an image that turns out to have another size", () => {
  const TWICE = { width: 4000, height: 3000 };

  it("shows the same piece in the same place, whatever the turn", () => {
    everyTurn((placement) => {
      const after = regauged(placement, IMAGE, TWICE, VIEWPORT, false);
      for (const [x, y] of [[0, 0], [700, 300], [2000, 1500]] as const) {
        near(toScreen(after, VIEWPORT, { x: 2 * x, y: 2 * y }), toScreen(placement, VIEWPORT, { x, y }));
      }
    });
  });

  it("stays where it is when the size is the same", () => {
    everyTurn((placement) => expect(regauged(placement, IMAGE, IMAGE, VIEWPORT, false)).toBe(placement));
  });

  it("is fitted when it was, or when nothing was known of it", () => {
    const placement = { center: { x: 1, y: 1 }, zoom: 3, rotation: 90, flip: true } as const;
    expect(regauged(placement, IMAGE, TWICE, VIEWPORT, true)).toEqual(fit(TWICE, VIEWPORT, placement));
    expect(regauged(placement, { width: 1, height: 1 }, TWICE, VIEWPORT, false)).toEqual(fit(TWICE, VIEWPORT, placement));
  });
});

describe("view", () => {
  it("puts the centre in the middle of the viewport whatever the turn", () => {
    everyTurn((placement) => near(toScreen(placement, VIEWPORT, placement.center), { x: 400, y: 300 }));
  });

  it("goes from image to screen and back to the same point", () => {
    everyTurn((placement) => {
      const point = { x: 123.4, y: 987.6 };
      near(toImage(placement, VIEWPORT, toScreen(placement, VIEWPORT, point)), point);
    });
  });

  it("keeps the image point under the finger while zooming", () => {
    everyTurn((placement) => {
      const at = { x: 130, y: 470 };
      const under = toImage(placement, VIEWPORT, at);
      near(toImage(zoomAt(placement, VIEWPORT, 2.5, at), VIEWPORT, at), under);
    });
  });

  it("moves the image with the finger while panning, turned or not", () => {
    everyTurn((placement) => {
      const point = { x: 500, y: 500 };
      const before = toScreen(placement, VIEWPORT, point);
      near(toScreen(pan(placement, 30, -20), VIEWPORT, point), { x: before.x + 30, y: before.y - 20 });
    });
  });

  it("turns clockwise on the screen", () => {
    const turned = rotated({ center: { x: 0, y: 0 }, zoom: 1, rotation: 0, flip: false });
    near(apply(matrixOf(turned, { width: 0, height: 0 }), { x: 10, y: 0 }), { x: 0, y: 10 });
  });

  it("mirrors left and right as seen, also when turned", () => {
    everyTurn((placement) => {
      const point = { x: 900, y: 350 };
      const before = toScreen(placement, VIEWPORT, point);
      near(toScreen(flipped(placement), VIEWPORT, point), { x: VIEWPORT.width - before.x, y: before.y });
    });
  });

  it("undoes a matrix with its inverse", () => {
    const matrix = matrixOf({ center: { x: 3, y: 4 }, zoom: 2, rotation: 270, flip: true }, VIEWPORT);
    near(apply(inverse(matrix), apply(matrix, { x: 11, y: 12 })), { x: 11, y: 12 });
  });

  it("fits the whole image, laid on its side when it is turned", () => {
    expect(fitZoom(IMAGE, VIEWPORT, 0)).toBeCloseTo(0.4);
    expect(fitZoom(IMAGE, VIEWPORT, 90)).toBeCloseTo(0.3);
    expect(visibleRect(fit(IMAGE, VIEWPORT), VIEWPORT, IMAGE)).toEqual({ x0: 0, y0: 0, x1: 2000, y1: 1500 });
  });

  it("lets a follower see the same piece of the image on a screen of another shape", () => {
    const presenter = { center: { x: 600, y: 400 }, zoom: 2, rotation: 0, flip: false } as const;
    const mine = { width: 390, height: 500 };
    const theirs = visibleRect(presenter, VIEWPORT, IMAGE);
    const seen = visibleRect(followed(presenter, VIEWPORT, mine, IMAGE), mine, IMAGE);
    expect(seen.x0).toBeLessThanOrEqual(theirs.x0 + 1e-6);
    expect(seen.y0).toBeLessThanOrEqual(theirs.y0 + 1e-6);
    expect(seen.x1).toBeGreaterThanOrEqual(theirs.x1 - 1e-6);
    expect(seen.y1).toBeGreaterThanOrEqual(theirs.y1 - 1e-6);
  });

  it("does not make a follower's picture small for the black beside the presenter's", () => {
    const portrait = { width: 1500, height: 2000 };
    const wide = { width: 1400, height: 700 };
    const mine = { width: 390, height: 520 };
    expect(followed(fit(portrait, wide), wide, mine, portrait).zoom).toBeCloseTo(fitZoom(portrait, mine, 0));
  });

  it("says which edge of the image lies where", () => {
    expect(edgesOnScreen(0, false)).toEqual([0, 1, 2, 3]);
    expect(edgesOnScreen(90, false)).toEqual([3, 0, 1, 2]);
    expect(edgesOnScreen(0, true)).toEqual([2, 1, 0, 3]);
    expect(edgesOnScreen(90, true)).toEqual([3, 2, 1, 0]);
  });
});
