/** Where to read from, and how: `factor` x `factor` pixels become one, their mean. What does not fill a block at the right and below is left out. */
export interface Shrinking {
  readonly width: number;
  readonly height: number;
  readonly factor: number;
}

/** Size of the picture that `shrinkGrey` and its sisters make. */
export function shrunkenSize({ width, height, factor }: Shrinking): { readonly width: number; readonly height: number } {
  return { width: Math.floor(width / factor), height: Math.floor(height / factor) };
}

/** Grey to grey. */
export function shrinkGrey(from: Uint8Array, into: Uint8Array, { width, height, factor }: Shrinking): void {
  const area = factor * factor;
  const columns = Math.floor(width / factor);
  for (let row = 0, to = 0; row + factor <= height; row += factor) {
    for (let column = 0, corner = row * width; column < columns; column++, corner += factor) {
      let sum = 0;
      for (let y = 0, line = corner; y < factor; y++, line += width) for (let at = line; at < line + factor; at++) sum += from[at]!;
      into[to++] = sum / area;
    }
  }
}

/** Colour to colour, both interleaved. */
export function shrinkColour(from: Uint8Array, into: Uint8Array, { width, height, factor }: Shrinking): void {
  const area = factor * factor;
  const columns = Math.floor(width / factor);
  for (let row = 0, to = 0; row + factor <= height; row += factor) {
    for (let column = 0, corner = row * width * 3; column < columns; column++, corner += factor * 3, to += 3) {
      let [red, green, blue] = [0, 0, 0];
      for (let y = 0, line = corner; y < factor; y++, line += width * 3) {
        for (let at = line; at < line + factor * 3; at += 3) {
          red += from[at]!;
          green += from[at + 1]!;
          blue += from[at + 2]!;
        }
      }
      into[to] = red / area;
      into[to + 1] = green / area;
      into[to + 2] = blue / area;
    }
  }
}

/** Colour to grey, by the luma of ITU-R BT.601 as all video does. */
export function shrinkToGrey(from: Uint8Array, into: Uint8Array, { width, height, factor }: Shrinking): void {
  const scale = 1 / (256 * factor * factor);
  const columns = Math.floor(width / factor);
  for (let row = 0, to = 0; row + factor <= height; row += factor) {
    for (let column = 0, corner = row * width * 3; column < columns; column++, corner += factor * 3) {
      let sum = 0;
      for (let y = 0, line = corner; y < factor; y++, line += width * 3) {
        for (let at = line; at < line + factor * 3; at += 3) sum += 77 * from[at]! + 150 * from[at + 1]! + 29 * from[at + 2]!;
      }
      into[to++] = sum * scale;
    }
  }
}
