/** FNV-1a over the colours of an image, alpha left out: eight hexadecimal digits. For tests that compare screens. */
export function hashOf({ data, width, height }: ImageData): string {
  let hash = 0x811c9dc5 ^ (width * 65537 + height);
  for (let i = 0; i < data.length; i++) {
    if ((i & 3) !== 3) {
      hash = Math.imul(hash ^ (data[i] ?? 0), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Mean grey (0 to 255) of fields of an image, `side` by `side`, row by row. */
export function gridOf({ data, width, height }: ImageData, side = 8): number[] {
  const sums = new Array<number>(side * side).fill(0);
  const counts = new Array<number>(side * side).fill(0);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * side) / height) * side;
    for (let x = 0; x < width; x++) {
      const field = row + Math.floor((x * side) / width);
      const i = (y * width + x) * 4;
      sums[field] = (sums[field] ?? 0) + ((data[i] ?? 0) + (data[i + 1] ?? 0) + (data[i + 2] ?? 0)) / 3;
      counts[field] = (counts[field] ?? 0) + 1;
    }
  }
  return sums.map((sum, field) => Math.round(sum / Math.max(1, counts[field] ?? 1)));
}
