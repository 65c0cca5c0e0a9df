/** Colour samples as bytes: planes, YBR and packed runs (PS3.3 C.7.6.3.1.2 and PS3.5 annex G). */

/** Planes one after the other as pixels one after the other. */
export function separated(planes: Uint8Array): Uint8Array {
  const size = planes.length / 3;
  const mixed = new Uint8Array(planes.length);
  for (let index = 0; index < size; index++) {
    mixed[index * 3] = planes[index] as number;
    mixed[index * 3 + 1] = planes[size + index] as number;
    mixed[index * 3 + 2] = planes[2 * size + index] as number;
  }
  return mixed;
}

function write(out: Uint8ClampedArray, at: number, y: number, cb: number, cr: number): void {
  out[at] = y + 1.402 * (cr - 128);
  out[at + 1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128);
  out[at + 2] = y + 1.772 * (cb - 128);
}

/** YBR_FULL to RGB. */
export function rgbOfYbr(samples: Uint8Array): Uint8Array {
  const out = new Uint8ClampedArray(samples.length);
  for (let at = 0; at < samples.length; at += 3) {
    write(out, at, samples[at] as number, samples[at + 1] as number, samples[at + 2] as number);
  }
  return new Uint8Array(out.buffer);
}

/** YBR_FULL_422 to RGB: Y1 Y2 Cb Cr, two pixels that share their colour. */
export function rgbOfYbr422(samples: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8ClampedArray(pixels * 3);
  for (let pair = 0; pair < pixels / 2; pair++) {
    const at = pair * 4;
    const cb = samples[at + 2] as number;
    const cr = samples[at + 3] as number;
    write(out, pair * 6, samples[at] as number, cb, cr);
    write(out, pair * 6 + 3, samples[at + 1] as number, cb, cr);
  }
  return new Uint8Array(out.buffer);
}

/** PackBits: at most `size` bytes, missing ones black. */
export function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (let index = 0; index < packed.length && at < size; ) {
    const head = packed[index++] as number;
    if (head < 128) {
      const piece = packed.subarray(index, index + Math.min(head + 1, size - at));
      out.set(piece, at);
      at += piece.length;
      index += head + 1;
    } else if (head > 128) {
      const end = Math.min(size, at + 257 - head);
      out.fill(packed[index++] ?? 0, at, end);
      at = end;
    }
  }
  return out;
}
