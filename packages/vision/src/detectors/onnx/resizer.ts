import type { Frame } from "../../types.ts";

/** Where a frame lies in the input: x of the input = `left` + `scaleX` * x of the frame. */
export interface Placement {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
  /** Size of the picture in the input, whole pixels. */
  readonly width: number;
  readonly height: number;
}

export type Pixels = Float32Array | Uint16Array | Uint8Array;

// Weights are 2048ths, as in OpenCV: two in a row make 22 bits, and 255 of them still fit 31.
const ONE = 2048;
const HALF_OF_BOTH = 1 << 21;

export interface Target {
  readonly levels: Pixels;
  /** Place of the first pixel's red, green and blue. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** From a pixel to the next, and from a row to the next. */
  readonly pixel: number;
  readonly row: number;
}

/** Resizes one size of frame to one size of picture, with bilinear interpolation, through a table of levels. */
export class Resizer {
  readonly placement: Placement;
  readonly #size: Pick<Frame, "width" | "height" | "pixelFormat">;
  readonly #samples: 1 | 3;
  readonly #columns: Axis;
  readonly #rows: Axis;
  /** Two rows of the frame, stretched to the picture's width, and which rows they are. */
  #upper: Int32Array;
  #lower: Int32Array;
  #upperRow = -1;
  #lowerRow = -1;

  constructor({ width, height, pixelFormat }: Frame, placement: Placement) {
    this.placement = placement;
    this.#size = { width, height, pixelFormat };
    this.#samples = pixelFormat === "gray8" ? 1 : 3;
    this.#columns = axis(width, placement.width, this.#samples);
    this.#rows = axis(height, placement.height, 1);
    this.#upper = new Int32Array(placement.width * this.#samples);
    this.#lower = new Int32Array(placement.width * this.#samples);
  }

  fits({ width, height, pixelFormat }: Frame): boolean {
    return width === this.#size.width && height === this.#size.height && pixelFormat === this.#size.pixelFormat;
  }

  write(data: Uint8Array, into: Pixels, target: Target): void {
    const { before, after, weight } = this.#rows;
    const { width, height, pixelFormat } = this.#size;
    if (pixelFormat === "rgb24" && width === this.placement.width && height === this.placement.height) {
      copyColour(data.length === width * height * 3 ? data : data.subarray(0, width * height * 3), into, { target, width });
      return;
    }
    this.#upperRow = this.#lowerRow = -1;
    for (let row = 0; row < before.length; row++) {
      this.#load(data, before[row]!, after[row]!);
      if (this.#samples === 3) this.#blendColour(into, { target, shift: row * target.row, weight: weight[row]! });
      else this.#blendGrey(into, { target, shift: row * target.row, weight: weight[row]! });
    }
  }

  /** Has the two rows wanted in #upper and #lower; where the picture is enlarged, one or both are there already. */
  #load(data: Uint8Array, upper: number, lower: number): void {
    if (this.#upperRow !== upper && this.#lowerRow === upper) {
      [this.#upper, this.#lower] = [this.#lower, this.#upper];
      [this.#upperRow, this.#lowerRow] = [this.#lowerRow, this.#upperRow];
    }
    if (this.#upperRow !== upper) this.#stretch(data, upper, this.#upper);
    this.#upperRow = upper;
    if (this.#lowerRow !== lower) this.#stretch(data, lower, this.#lower);
    this.#lowerRow = lower;
  }

  #stretch(data: Uint8Array, row: number, into: Int32Array): void {
    const samples = this.#samples;
    const start = row * this.#size.width * samples;
    const { before, after, weight } = this.#columns;
    if (samples === 3) {
      // Written out: the loop over the samples takes half as long again.
      for (let column = 0, to = 0; column < before.length; column++, to += 3) {
        const share = weight[column]!;
        const a = start + before[column]!;
        const b = start + after[column]!;
        into[to] = data[a]! * ONE + (data[b]! - data[a]!) * share;
        into[to + 1] = data[a + 1]! * ONE + (data[b + 1]! - data[a + 1]!) * share;
        into[to + 2] = data[a + 2]! * ONE + (data[b + 2]! - data[a + 2]!) * share;
      }
      return;
    }
    for (let column = 0; column < before.length; column++) {
      const value = data[start + before[column]!]!;
      into[column] = value * ONE + (data[start + after[column]!]! - value) * weight[column]!;
    }
  }

  #blendColour(into: Pixels, { target, shift, weight }: { target: Target; shift: number; weight: number }): void {
    const { levels, pixel } = target;
    const [upper, lower] = [this.#upper, this.#lower];
    let red = target.red + shift;
    let green = target.green + shift;
    let blue = target.blue + shift;
    for (let at = 0; at < upper.length; at += 3, red += pixel, green += pixel, blue += pixel) {
      const a = upper[at]!;
      const b = upper[at + 1]!;
      const c = upper[at + 2]!;
      into[red] = levels[(a * ONE + (lower[at]! - a) * weight + HALF_OF_BOTH) >> 22]!;
      into[green] = levels[256 + ((b * ONE + (lower[at + 1]! - b) * weight + HALF_OF_BOTH) >> 22)]!;
      into[blue] = levels[512 + ((c * ONE + (lower[at + 2]! - c) * weight + HALF_OF_BOTH) >> 22)]!;
    }
  }

  #blendGrey(into: Pixels, { target, shift, weight }: { target: Target; shift: number; weight: number }): void {
    const { levels, pixel, red, green, blue } = target;
    for (let at = 0, to = shift; at < this.#upper.length; at++, to += pixel) {
      const a = this.#upper[at]!;
      const level = (a * ONE + (this.#lower[at]! - a) * weight + HALF_OF_BOTH) >> 22;
      into[red + to] = levels[level]!;
      into[green + to] = levels[256 + level]!;
      into[blue + to] = levels[512 + level]!;
    }
  }
}

/** Pixel by pixel, for frames that have the size wanted already. */
function copyColour(data: Uint8Array, into: Pixels, { target, width }: { target: Target; width: number }): void {
  const { levels, pixel, row } = target;
  let { red, green, blue } = target;
  const rest = row - width * pixel;
  for (let at = 0; at < data.length; ) {
    for (const end = at + 3 * width; at < end; at += 3, red += pixel, green += pixel, blue += pixel) {
      into[red] = levels[data[at]!]!;
      into[green] = levels[256 + data[at + 1]!]!;
      into[blue] = levels[512 + data[at + 2]!]!;
    }
    red += rest;
    green += rest;
    blue += rest;
  }
}

/** For each place along the picture: the two samples of the frame around it, and the share of the second in 2048ths. */
interface Axis {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weight: Int32Array;
}

function axis(from: number, to: number, samples: number): Axis {
  const [before, after, weight] = [new Int32Array(to), new Int32Array(to), new Int32Array(to)];
  for (let place = 0; place < to; place++) {
    const exact = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(exact);
    before[place] = low * samples;
    after[place] = Math.min(low + 1, from - 1) * samples;
    weight[place] = Math.round((exact - low) * ONE);
  }
  return { before, after, weight };
}
