import { describe, expect, it } from "vitest";
import { painted, parseLayers, planesOf } from "./overlay_layers";

const INDEX = {
  layers: [
    { label: "Collimator", type: "G", planes: [[0, 4, 2, 3, 3, 0, 11]] },
    { label: "", type: "R", planes: [[2, 0, 0, 1, 1, 11, 9], [3, 0, 0, 1, 1, 20, 9]] },
  ],
};

describe("a file's own drawings", () => {
  it("lie over every frame, or over the one that is theirs", () => {
    const layers = parseLayers(INDEX);
    expect(planesOf(layers, 1).map(([layer]) => layer.label)).toEqual(["Collimator"]);
    expect(planesOf(layers, 3).map(([, plane]) => plane.offset)).toEqual([0, 20]);
  });

  it("are refused by the name of what is wrong", () => {
    expect(() => parseLayers({ layers: [{ type: "X", planes: [] }] })).toThrow("layers[0].type");
    expect(() => parseLayers({ layers: [{ type: "G", planes: [[0, 0, 0, 0, 1, 0, 1]] }] })).toThrow("planes[0][3]");
  });

  it("are painted bit by bit, the least significant first", () => {
    const pixels = new Uint32Array(painted(Uint8Array.of(0b101, 0b10), 10, 0xff123456).buffer);
    expect([...pixels.keys()].filter((at) => pixels[at] !== 0)).toEqual([0, 2, 9]);
    expect(pixels[9]).toBe(0xff123456);
  });
});
