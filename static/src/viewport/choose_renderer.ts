import type { Renderer } from "./renderer";
import { CanvasRenderer } from "./renderer_canvas";
import { openWebGL, WebGLRenderer } from "./renderer_webgl";

/** `auto` takes WebGL where it is real hardware; the others are for trying one out. */
export type RendererChoice = "auto" | "webgl" | "canvas";

/** The best renderer that this machine has. `lost` is called when it stops working for good. */
export function chooseRenderer(choice: RendererChoice, lost: () => void): Renderer {
  if (choice !== "canvas") {
    const canvas = document.createElement("canvas");
    const gl = openWebGL(canvas, choice === "webgl");
    if (gl) {
      try {
        return new WebGLRenderer(canvas, gl, lost);
      } catch (error) {
        console.warn("WebGL cannot be used:", error);
      }
    }
  }
  return new CanvasRenderer();
}
