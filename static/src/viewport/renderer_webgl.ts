import { type Chunk, chunksOf, levelFor, type Renderer, type Scene, UNTURNED } from "./renderer";
import { BASE_FRAGMENT, program, type Program, TILE_FRAGMENT } from "./shaders";
import { LEVELS, type TileStore } from "./tile_store";
import { type Matrix, scaled, type Size } from "./view";

/** Larger images are cut, to keep one texture within what cheap graphics manage. */
const MOST_SIDE = 4096;
const LEAST_TEXTURE = 2048;
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

interface Sheet {
  readonly chunk: Chunk;
  readonly codes: WebGLTexture;
  readonly mask: WebGLTexture;
  readonly loaded: Set<number>;
}

/** A context worth drawing with, or null: software WebGL is slower than the 2D canvas by 2 to 11 times. */
export function openWebGL(canvas: HTMLCanvasElement, anyKind = false): WebGL2RenderingContext | null {
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    powerPreference: "low-power",
    failIfMajorPerformanceCaveat: !anyKind,
  });
  if (!gl || gl.getParameter(gl.MAX_TEXTURE_SIZE) < LEAST_TEXTURE) {
    return null;
  }
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
  return !anyKind && typeof name === "string" && SOFTWARE.test(name) ? null : gl;
}

/** Draws with integer textures of stored codes (R16UI, texelFetch): no extension, no rounding before the window. */
export class WebGLRenderer implements Renderer {
  readonly kind = "webgl";
  private readonly tileProgram: Program;
  private readonly baseProgram: Program;
  private readonly most: number;
  private readonly baseTexture: WebGLTexture;
  private readonly tables: { base: WebGLTexture; tiles: WebGLTexture };
  private shown: { base?: ImageBitmap; baseLut?: Uint8Array | null; lut?: Uint8Array } = {};
  private store: TileStore | null = null;
  private sheets: Sheet[] = [];

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    lost: () => void,
  ) {
    this.most = Math.min(MOST_SIDE, Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)));
    this.tileProgram = program(gl, TILE_FRAGMENT);
    this.baseProgram = program(gl, BASE_FRAGMENT);
    this.baseTexture = gl.createTexture();
    this.tables = { base: gl.createTexture(), tiles: gl.createTexture() };
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      lost();
    });
  }

  draw(scene: Scene, matrix: Matrix, size: Size, ratio: number): void {
    const [width, height] = [Math.max(1, Math.round(size.width * ratio)), Math.max(1, Math.round(size.height * ratio))];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.paint(scene, scaled(matrix, ratio), { width, height });
  }

  readBack(scene: Scene): ImageData {
    const gl = this.gl;
    const scale = Math.min(1, this.most / Math.max(scene.columns, scene.rows));
    const [width, height] = [Math.round(scene.columns * scale), Math.round(scene.rows * scale)];
    const target = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, target);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
    // Upside down on purpose: rows then come out from the top.
    const down: Matrix = [scale, 0, 0, -scale, 0, height];
    this.paint(scene, scale === 1 ? [1, 0, 0, -1, UNTURNED[4], height] : down, { width, height });
    const image = new ImageData(width, height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, image.data);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(frame);
    gl.deleteTexture(target);
    return image;
  }

  destroy(): void {
    this.dropSheets();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.remove();
  }

  private paint(scene: Scene, matrix: Matrix, size: Size): void {
    const gl = this.gl;
    gl.viewport(0, 0, size.width, size.height);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (scene.base) {
      this.paintBase(scene.base, scene, matrix, size);
    }
    if (scene.tiles && scene.lut) {
      this.paintTiles(scene.tiles, scene.lut, matrix, size);
    }
  }

  private paintBase(base: ImageBitmap, scene: Scene, matrix: Matrix, size: Size): void {
    const gl = this.gl;
    const { location, use } = this.baseProgram;
    use();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.baseTexture);
    if (this.shown.base !== base) {
      this.shown.base = base;
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, base);
      gl.generateMipmap(gl.TEXTURE_2D);
      sampling(gl, gl.LINEAR, gl.LINEAR_MIPMAP_LINEAR);
    }
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.tables.base);
    if (scene.baseLut && this.shown.baseLut !== scene.baseLut) {
      this.shown.baseLut = scene.baseLut;
      table(gl, scene.baseLut);
    }
    gl.uniform1i(location("u_toned"), scene.baseLut ? 1 : 0);
    this.quad(this.baseProgram, matrix, size, { x: 0, y: 0, width: scene.columns, height: scene.rows });
  }

  private paintTiles(store: TileStore, lut: Uint8Array, matrix: Matrix, size: Size): void {
    const gl = this.gl;
    this.useStore(store);
    this.tileProgram.use();
    const { location } = this.tileProgram;
    const level = levelFor(Math.hypot(matrix[0], matrix[1]), LEVELS);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.tables.tiles);
    if (this.shown.lut !== lut) {
      this.shown.lut = lut;
      table(gl, lut);
    }
    gl.uniform1i(location("u_level"), level);
    gl.uniform1i(location("u_tile"), store.tiles.index.tile >> level);
    gl.uniform1i(location("u_colour"), store.tiles.index.channels === 3 ? 1 : 0);
    for (const sheet of this.sheets) {
      this.upload(store, sheet);
      if (sheet.loaded.size > 0) {
        const { chunk } = sheet;
        bind(gl, gl.TEXTURE0, sheet.codes);
        bind(gl, gl.TEXTURE2, sheet.mask);
        gl.uniform2i(location("u_size"), Math.max(1, chunk.width >> level), Math.max(1, chunk.height >> level));
        this.quad(this.tileProgram, matrix, size, chunk);
      }
    }
  }

  private quad(to: Program, matrix: Matrix, size: Size, box: { x: number; y: number; width: number; height: number }) {
    const gl = this.gl;
    const [a, b, c, d, e, f] = matrix;
    const [sx, sy] = [2 / size.width, -2 / size.height];
    const matrixOf = [a * sx, b * sy, 0, c * sx, d * sy, 0, e * sx - 1, f * sy + 1, 1];
    gl.uniformMatrix3fv(to.location("u_matrix"), false, matrixOf);
    gl.uniform4f(to.location("u_box"), box.x, box.y, box.width, box.height);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  private useStore(store: TileStore): void {
    if (this.store === store) {
      return;
    }
    this.dropSheets();
    this.store = store;
    const gl = this.gl;
    const colour = store.tiles.index.channels === 3;
    const side = store.tiles.index.tile;
    this.sheets = chunksOf(store, this.most).map((chunk) => {
      const levels = Math.min(LEVELS, Math.floor(Math.log2(Math.max(chunk.width, chunk.height))) + 1);
      const codes = integers(gl, colour ? gl.RGBA8UI : gl.R16UI, chunk.width, chunk.height, levels);
      const mask = integers(gl, gl.R8UI, Math.ceil(chunk.width / side), Math.ceil(chunk.height / side), 1);
      return { chunk, codes, mask, loaded: new Set<number>() };
    });
  }

  private upload(store: TileStore, { chunk, codes, mask, loaded }: Sheet): void {
    const gl = this.gl;
    const side = store.tiles.index.tile;
    for (const number of chunk.tiles) {
      if (loaded.has(number) || !store.has(number)) {
        continue;
      }
      loaded.add(number);
      const box = store.box(number);
      const [x, y] = [box.x - chunk.x, box.y - chunk.y];
      bind(gl, gl.TEXTURE0, codes);
      for (let level = 0; level < LEVELS; level++) {
        this.uploadLevel(store, number, level, { ...box, x, y });
      }
      bind(gl, gl.TEXTURE2, mask);
      gl.texSubImage2D(
        gl.TEXTURE_2D, 0, x / side, y / side, 1, 1, gl.RED_INTEGER, gl.UNSIGNED_BYTE, Uint8Array.of(1),
      );
    }
  }

  private uploadLevel(store: TileStore, number: number, level: number, box: ReturnType<TileStore["box"]>): void {
    const gl = this.gl;
    const codes = store.codes(number, level);
    const [width, height] = [Math.max(1, box.width >> level), Math.max(1, box.height >> level)];
    if (!codes) {
      return;
    }
    const [x, y] = [box.x >> level, box.y >> level];
    if (store.tiles.index.channels === 3) {
      const data = interleaved(codes, width * height);
      gl.texSubImage2D(gl.TEXTURE_2D, level, x, y, width, height, gl.RGBA_INTEGER, gl.UNSIGNED_BYTE, data);
    } else {
      const data = codes instanceof Uint16Array ? codes : Uint16Array.from(codes);
      gl.texSubImage2D(gl.TEXTURE_2D, level, x, y, width, height, gl.RED_INTEGER, gl.UNSIGNED_SHORT, data);
    }
  }

  private dropSheets(): void {
    for (const { codes, mask } of this.sheets) {
      this.gl.deleteTexture(codes);
      this.gl.deleteTexture(mask);
    }
    this.sheets = [];
    this.store = null;
  }
}

function bind(gl: WebGL2RenderingContext, unit: number, texture: WebGLTexture): void {
  gl.activeTexture(unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
}

function sampling(gl: WebGL2RenderingContext, magnified: number, minified: number): void {
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, magnified);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, minified);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

function integers(gl: WebGL2RenderingContext, format: number, width: number, height: number, levels: number) {
  const texture = gl.createTexture();
  bind(gl, gl.TEXTURE0, texture);
  gl.texStorage2D(gl.TEXTURE_2D, levels, format, width, height);
  sampling(gl, gl.NEAREST, levels > 1 ? gl.NEAREST_MIPMAP_NEAREST : gl.NEAREST);
  return texture;
}

/** A table of up to 65,536 entries as a texture 256 wide. */
function table(gl: WebGL2RenderingContext, lut: Uint8Array): void {
  const height = Math.ceil(lut.length / 256);
  const data = new Uint8Array(256 * height);
  data.set(lut);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 256, height, 0, gl.RED, gl.UNSIGNED_BYTE, data);
  sampling(gl, gl.NEAREST, gl.NEAREST);
}

function interleaved(codes: Uint8Array | Uint16Array, pixels: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    out[i * 4] = codes[i] as number;
    out[i * 4 + 1] = codes[i + pixels] as number;
    out[i * 4 + 2] = codes[i + 2 * pixels] as number;
  }
  return out;
}
