import type { Frame } from "../types.ts";
import { shrinkGrey, shrinkToGrey, shrunkenSize } from "./shrink.ts";

interface Level {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What to cut out of a frame, and how large to make it. */
export interface Cut {
  /** Upper left corner in pixels of the frame; may lie outside, where the nearest pixel is repeated. */
  readonly x: number;
  readonly y: number;
  /** Pixels of the result for one pixel of the frame. */
  readonly scale: number;
  /** Size of the result in pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * Cuts pieces out of a frame in any size, as square roots of brightness: what HogFeatures wants. Rows are made grey when a piece needs them;
 * so are the half, quarter and eighth sizes from which strongly reduced pieces are taken, so that no pixel is skipped.
 */
export class GreySampler {
  #frame: Frame | undefined;
  /** The frame in grey: its own pixels, or what has been made of them row by row; and its reductions. */
  #grey: Uint8Array = new Uint8Array(0);
  #converted: Uint8Array = new Uint8Array(0);
  #isGrey: Uint8Array = new Uint8Array(0);
  #reductions: Level[] = [];
  #buffers: Uint8Array[] = [];
  #lefts: Int32Array = new Int32Array(0);
  #rights: Int32Array = new Int32Array(0);
  #shares: Float32Array = new Float32Array(0);

  /** Takes a frame, whose pixels must stay as they are until the last `cut`. */
  load(frame: Frame): void {
    const { data, width, height, pixelFormat } = frame;
    this.#frame = frame;
    this.#reductions = [];
    if (this.#isGrey.length !== height) this.#isGrey = new Uint8Array(height);
    this.#isGrey.fill(pixelFormat === "gray8" ? 1 : 0);
    if (pixelFormat === "rgb24" && this.#converted.length !== width * height) this.#converted = new Uint8Array(width * height);
    this.#grey = pixelFormat === "gray8" ? data : this.#converted;
  }

  /** Fills `roots` with the piece, bilinear, `width * height` values from 0 to 16. */
  cut({ x, y, scale, width, height }: Cut, roots: Float32Array): void {
    const depth = Math.max(0, Math.min(3, Math.floor(Math.log2(1 / scale))));
    const reduction = 2 ** depth;
    const step = 1 / (scale * reduction);
    const source = depth === 0 ? this.#rows(Math.floor(y - 1), Math.ceil(y + height * step + 1)) : this.#reduced(depth);
    this.#placeColumns({ from: x / reduction, step, count: width, last: source.width - 1 });
    const data = source.data;
    const lefts = this.#lefts;
    const rights = this.#rights;
    const shares = this.#shares;
    for (let row = 0, to = 0; row < height; row++) {
      const place = Math.min(Math.max(y / reduction + (row + 0.5) * step - 0.5, 0), source.height - 1);
      const above = Math.floor(place);
      const down = place - above;
      const upper = above * source.width;
      const lower = Math.min(above + 1, source.height - 1) * source.width;
      for (let column = 0; column < width; column++, to++) {
        const left = lefts[column]!;
        const right = rights[column]!;
        const share = shares[column]!;
        const up = data[upper + left]! + share * (data[upper + right]! - data[upper + left]!);
        const low = data[lower + left]! + share * (data[lower + right]! - data[lower + left]!);
        roots[to] = Math.sqrt(up + down * (low - up));
      }
    }
  }

  #placeColumns({ from, step, count, last }: { from: number; step: number; count: number; last: number }): void {
    if (this.#lefts.length < count) {
      this.#lefts = new Int32Array(count);
      this.#rights = new Int32Array(count);
      this.#shares = new Float32Array(count);
    }
    for (let column = 0; column < count; column++) {
      const place = Math.min(Math.max(from + (column + 0.5) * step - 0.5, 0), last);
      const left = Math.floor(place);
      this.#lefts[column] = left;
      this.#rights[column] = Math.min(left + 1, last);
      this.#shares[column] = place - left;
    }
  }

  /** The frame, of which at least the rows between are grey. */
  #rows(from: number, end: number): Level {
    const { data, width, height } = this.#frame!;
    const last = Math.min(height, Math.max(end, 1)) - 1;
    for (let row = Math.max(0, Math.min(from, height - 1)); row <= last; row++) {
      if (this.#isGrey[row] === 1) continue;
      this.#isGrey[row] = 1;
      shrinkToGrey(data.subarray(row * width * 3), this.#grey.subarray(row * width), { width, height: 1, factor: 1 });
    }
    return { data: this.#grey, width, height };
  }

  /** The frame reduced by 2 ** depth. */
  #reduced(depth: number): Level {
    if (depth === 0) return this.#rows(0, this.#frame!.height);
    const made = this.#reductions[depth];
    if (made !== undefined) return made;
    const { data, width, height } = this.#reduced(depth - 1);
    const shrinking = { width, height, factor: 2 };
    const size = shrunkenSize(shrinking);
    const pixels = size.width * size.height;
    if (this.#buffers[depth]?.length !== pixels) this.#buffers[depth] = new Uint8Array(pixels);
    const into = this.#buffers[depth]!;
    shrinkGrey(data, into, shrinking);
    return (this.#reductions[depth] = { data: into, ...size });
  }
}
