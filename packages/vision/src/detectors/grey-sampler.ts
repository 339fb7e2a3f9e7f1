import type { Frame } from "../types.ts";
import { shrinkGrey, shrinkToGrey, shrunkenSize } from "./shrink.ts";

interface Level {
  data: Uint8Array;
  width: number;
  height: number;
  /** Index of the frame that it was made for. */
  made: boolean;
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
 * Cuts pieces out of a frame in any size, as square roots of brightness: what HogFeatures wants. The frame is made grey once; half, quarter
 * and eighth sizes are made when a piece needs them, so that strong reductions do not skip pixels.
 */
export class GreySampler {
  readonly #levels: Level[] = [];
  #lefts: Int32Array = new Int32Array(0);
  #rights: Int32Array = new Int32Array(0);
  #shares: Float32Array = new Float32Array(0);

  /** Takes a frame over and returns it in grey; the pixels stay valid until the next call. */
  load(frame: Frame): Frame {
    const { width, height, pixelFormat } = frame;
    for (const level of this.#levels) level.made = false;
    const level = this.#level(0, { width, height });
    if (pixelFormat === "gray8") level.data.set(frame.data.subarray(0, width * height));
    else shrinkToGrey(frame.data, level.data, { width, height, factor: 1 });
    return { ...frame, data: level.data, pixelFormat: "gray8" };
  }

  /** Fills `roots` with the piece, bilinear, `width * height` values from 0 to 16. */
  cut({ x, y, scale, width, height }: Cut, roots: Float32Array): void {
    const depth = Math.max(0, Math.min(3, Math.floor(Math.log2(1 / scale))));
    const source = this.#reduced(depth);
    const reduction = 2 ** depth;
    const step = 1 / (scale * reduction);
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

  /** The frame reduced by 2 ** depth. */
  #reduced(depth: number): Level {
    const level = this.#levels[depth];
    if (level?.made === true) return level;
    const above = this.#reduced(depth - 1);
    const shrinking = { width: above.width, height: above.height, factor: 2 };
    const made = this.#level(depth, shrunkenSize(shrinking));
    shrinkGrey(above.data, made.data, shrinking);
    return made;
  }

  #level(depth: number, { width, height }: { width: number; height: number }): Level {
    const old = this.#levels[depth];
    const data = old?.data.length === width * height ? old.data : new Uint8Array(width * height);
    return (this.#levels[depth] = { data, width, height, made: true });
  }
}
