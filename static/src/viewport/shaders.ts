const VERTEX = `#version 300 es
uniform mat3 u_matrix;
uniform vec4 u_box;
out vec2 v_at;
out vec2 v_part;
void main() {
  v_part = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_at = v_part * u_box.zw;
  gl_Position = vec4((u_matrix * vec3(u_box.xy + v_at, 1.0)).xy, 0.0, 1.0);
}`;

/** An 8-bit rendition, passed through a table of 256 where the window or the polarity is not its own. */
export const BASE_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_codes;
uniform sampler2D u_lut;
uniform bool u_toned;
in vec2 v_part;
out vec4 colour;
float tone(float value) { return texelFetch(u_lut, ivec2(int(value * 255.0 + 0.5), 0), 0).r; }
void main() {
  vec3 seen = texture(u_codes, v_part).rgb;
  colour = vec4(u_toned ? vec3(tone(seen.r), tone(seen.g), tone(seen.b)) : seen, 1.0);
}`;

/**
 * Stored codes: each of the four nearest is windowed by a table before they are mixed, so that indexed codes and
 * narrow windows come out right. Tiles not loaded are left to what lies below.
 */
export const TILE_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D u_codes;
uniform usampler2D u_mask;
uniform sampler2D u_lut;
uniform int u_level;
uniform int u_tile;
uniform ivec2 u_size;
uniform bool u_colour;
in vec2 v_at;
out vec4 colour;
float tone(uint code) { return texelFetch(u_lut, ivec2(int(code) & 255, int(code) >> 8), 0).r; }
bool missing(ivec2 at) {
  return texelFetch(u_mask, min(at / u_tile, textureSize(u_mask, 0) - 1), 0).r == 0u;
}
vec3 seen(ivec2 at, ivec2 home) {
  at = clamp(at, ivec2(0), u_size - 1);
  if (at / u_tile != home / u_tile && missing(at)) { at = home; }
  uvec4 codes = texelFetch(u_codes, at, u_level);
  return u_colour ? vec3(tone(codes.r), tone(codes.g), tone(codes.b)) : vec3(tone(codes.r));
}
void main() {
  vec2 at = v_at / float(1 << u_level);
  ivec2 home = clamp(ivec2(floor(at)), ivec2(0), u_size - 1);
  if (missing(home)) { discard; }
  vec2 corner = floor(at - 0.5);
  vec2 part = at - 0.5 - corner;
  ivec2 i = ivec2(corner);
  vec3 above = mix(seen(i, home), seen(i + ivec2(1, 0), home), part.x);
  vec3 below = mix(seen(i + ivec2(0, 1), home), seen(i + ivec2(1, 1), home), part.x);
  colour = vec4(mix(above, below, part.y), 1.0);
}`;

export interface Program {
  readonly use: () => void;
  readonly location: (name: string) => WebGLUniformLocation | null;
}

const UNITS = { u_codes: 0, u_lut: 1, u_mask: 2 };

function compile(gl: WebGL2RenderingContext, kind: number, source: string): WebGLShader {
  const shader = gl.createShader(kind);
  if (!shader) {
    throw new Error("The graphics context is lost.");
  }
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** Compiles and links; throws with the driver's own words if it will not. */
export function program(gl: WebGL2RenderingContext, fragment: string): Program {
  const linked = gl.createProgram();
  gl.attachShader(linked, compile(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(linked, compile(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(linked);
  if (!gl.getProgramParameter(linked, gl.LINK_STATUS)) {
    throw new Error(`Shader: ${gl.getProgramInfoLog(linked) ?? ""}`);
  }
  const known = new Map<string, WebGLUniformLocation | null>();
  const location = (name: string): WebGLUniformLocation | null => {
    const found = known.get(name);
    if (found !== undefined) {
      return found;
    }
    const asked = gl.getUniformLocation(linked, name);
    known.set(name, asked);
    return asked;
  };
  gl.useProgram(linked);
  for (const [name, unit] of Object.entries(UNITS)) {
    gl.uniform1i(location(name), unit);
  }
  return { use: () => gl.useProgram(linked), location };
}
