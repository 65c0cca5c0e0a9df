// @vitest-environment node
import { describe, expect, it } from "vitest";
import { formatLength, lengthBetween, scaleBar } from "./geometry";

const LEFT = {
  x0: 0, y0: 0, x1: 100, y1: 100, per_px_x: 0.2, per_px_y: 0.4, unit_x: "mm", unit_y: "mm", label: "mm",
  baseline: null,
} as const;
const DOPPLER = { ...LEFT, per_px_x: 0.005, per_px_y: 0.8, unit_x: "s", unit_y: "cm/s", label: "" } as const;
const M_MODE = { ...LEFT, per_px_x: 0.005, per_px_y: 0.4, unit_x: "s", label: "" } as const;
const SILENT = { ...LEFT, per_px_x: 0, per_px_y: 0, unit_x: "", unit_y: "", label: "" } as const;
const RIGHT = { ...LEFT, x0: 100, x1: 200, per_px_x: 0.5, per_px_y: 0.5 };

describe("lengths", () => {
  it("are in millimetres where one region covers both ends, each direction by its own spacing", () => {
    const length = lengthBetween({ x: 10, y: 10 }, { x: 40, y: 30 }, [LEFT, RIGHT]);
    expect(length).toEqual({ unit: "mm", value: expect.closeTo(Math.hypot(30 * 0.2, 20 * 0.4)) as unknown });
  });

  it("are in pixels when the ends lie in two regions, or nothing is calibrated", () => {
    expect(lengthBetween({ x: 50, y: 50 }, { x: 150, y: 50 }, [LEFT, RIGHT])).toEqual({ value: 100, unit: "px" });
    expect(lengthBetween({ x: 0, y: 0 }, { x: 3, y: 4 }, [])).toEqual({ value: 5, unit: "px" });
  });

  it("are said with a unit that a doctor reads", () => {
    expect(formatLength({ value: 8.4, unit: "mm" })).toBe("8.4 mm");
    expect(formatLength({ value: 132, unit: "mm" })).toBe("13.2 cm");
    expect(formatLength({ value: 132, unit: "mm at detector" })).toBe("13.2 cm at detector");
    expect(formatLength({ value: 211.6, unit: "px" })).toBe("212 px (uncalibrated)");
  });
});

describe("traces", () => {
  const [from, to] = [{ x: 10, y: 80 }, { x: 50, y: 30 }];

  it("give time and speed, and never a length", () => {
    const apart = lengthBetween(from, to, [DOPPLER]);
    expect(apart).toEqual({ unit: "trace", parts: [{ value: 0.2, unit: "s" }, { value: 40, unit: "cm/s" }] });
    expect(formatLength(apart)).toBe("0.200 s, 40.0 cm/s");
    expect(formatLength(lengthBetween(from, to, [M_MODE]))).toBe("0.200 s, 20.0 mm");
    expect(scaleBar(1, from, [DOPPLER])).toBeNull();
  });

  it("give the speeds at both ends where the file says where the baseline is", () => {
    const up = { ...DOPPLER, baseline: { y: 60, up: true } } as const;
    expect(formatLength(lengthBetween(from, to, [up]))).toBe("0.200 s, -16.0 → 24.0 cm/s");
    const down = { ...DOPPLER, baseline: { y: 80, up: false } } as const;
    expect(formatLength(lengthBetween(from, to, [down]))).toBe("0.200 s, 0.0 → -40.0 cm/s");
  });

  it("that lie over tissue are not measured as tissue", () => {
    expect(lengthBetween(from, to, [DOPPLER, LEFT]).unit).toBe("trace");
    expect(lengthBetween(from, to, [SILENT, LEFT]).unit).toBe("px");
  });

  it("say where a magnification was the device's own estimate", () => {
    const estimated = { ...LEFT, label: "mm estimated" } as const;
    expect(formatLength(lengthBetween({ x: 0, y: 0 }, { x: 50, y: 0 }, [estimated]))).toBe("10.0 mm, estimated");
  });
});

describe("the scale bar", () => {
  it("has a round length that fits", () => {
    expect(scaleBar(1, { x: 150, y: 50 }, [RIGHT])).toEqual({ pixels: 100, label: "5 cm" });
  });

  it("is left out where nothing is calibrated or pixels are not square", () => {
    expect(scaleBar(1, { x: 50, y: 50 }, [])).toBeNull();
    expect(scaleBar(1, { x: 50, y: 50 }, [LEFT])).toBeNull();
  });
});
