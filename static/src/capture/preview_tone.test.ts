import { describe, expect, test } from "vitest";
import { percentileWindow, sees, tableOfWindow } from "./preview_tone";

const PLAIN = { slope: 1, intercept: 0 };

describe("a window on the tablet", () => {
  test("gives the levels that the server gives (PS3.3 C.11.2.1.2.1)", () => {
    // imaging.windows.table_of_window(0, 8, {"center": 4, "width": 5}, slope=1, intercept=0)
    expect([...tableOfWindow([0, 8], { center: 4, width: 5 }, PLAIN)]).toEqual([0, 0, 32, 96, 159, 223, 255, 255, 255]);
  });

  test("is measured in modality units", () => {
    // the same with slope=2, intercept=-10
    expect([...tableOfWindow([3, 8], { center: 0, width: 8 }, { slope: 2, intercept: -10 })]).toEqual([0, 73, 146, 219, 255, 255]);
  });

  test("covers the middle of the values where the file says none", () => {
    const ramp = Uint16Array.from({ length: 10_000 }, (_, index) => index);
    // imaging.windows.percentile_window(np.arange(10_000).reshape(100, 100), ...)
    expect(percentileWindow(ramp, { width: 100, height: 100 }, PLAIN, null)).toEqual({ center: 4999.5, width: 9899.01 });
  });

  test("leaves out what only fills the frame", () => {
    const values = Uint16Array.from({ length: 1000 }, (_, index) => (index < 500 ? 4095 : 100));
    expect(percentileWindow(values, { width: 50, height: 20 }, PLAIN, [4095, 4095])).toEqual({ center: 100, width: 1 });
  });

  test("that shows nothing is known as such", () => {
    expect(sees({ center: 40, width: 80 }, 1000, 3000)).toBe(false);
    expect(sees({ center: 2048, width: 4096 }, 1000, 3000)).toBe(true);
  });
});
