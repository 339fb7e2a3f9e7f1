import type { Box } from "../types.ts";

// Standard deviations as shares of the box's width and height: of the position, and of the speed a step. SORT's and ByteTrack's values.
const POSITION_NOISE = 1 / 20;
const SPEED_NOISE = 1 / 160;
const STEPS_PER_SECOND = 30;

/**
 * A Kalman filter for a box that moves evenly. It estimates the centre, the width and the height (as N. Aharon et al., "BoT-SORT: robust
 * associations multi-pedestrian tracking", 2022: with width / height instead, a box that comes in over the frame's edge lags behind for half
 * a second). Each of the four is coupled with its own speed only, so these are four filters of two numbers each and need no matrices.
 * Time counts in steps of 1/30 s, for which the noise was chosen; steps may be of any length.
 */
export class BoxFilter {
  readonly #value: Float64Array;
  readonly #speed: Float64Array = new Float64Array(4);
  // The covariance of each value with itself, of each with its speed, and of each speed with itself.
  readonly #valueVariance: Float64Array = new Float64Array(4);
  readonly #crossVariance: Float64Array = new Float64Array(4);
  readonly #speedVariance: Float64Array = new Float64Array(4);

  constructor(box: Box) {
    this.#value = measured(box);
    for (let i = 0; i < 4; i++) {
      this.#valueVariance[i] = (2 * POSITION_NOISE * this.#size(i)) ** 2;
      this.#speedVariance[i] = (10 * SPEED_NOISE * this.#size(i)) ** 2;
    }
  }

  /** Moves on by `steps` of 1/30 s. While nothing is seen the size stays as it is: it would grow or shrink without end. */
  predict(steps: number, { seen }: { readonly seen: boolean }): void {
    if (!seen) this.#speed.fill(0, 2);
    for (let i = 0; i < 4; i++) {
      const size = this.#size(i);
      this.#value[i]! += steps * this.#speed[i]!;
      const spread = 2 * this.#crossVariance[i]! + steps * this.#speedVariance[i]!;
      this.#valueVariance[i]! += steps * (spread + (POSITION_NOISE * size) ** 2);
      this.#crossVariance[i]! += steps * this.#speedVariance[i]!;
      this.#speedVariance[i]! += steps * (SPEED_NOISE * size) ** 2;
    }
    // A box cannot turn inside out.
    this.#value[2] = Math.max(this.#value[2]!, 1);
    this.#value[3] = Math.max(this.#value[3]!, 1);
  }

  /** Takes a measurement in. */
  update(box: Box): void {
    const seen = measured(box);
    for (let i = 0; i < 4; i++) {
      const total = this.#valueVariance[i]! + (POSITION_NOISE * this.#size(i)) ** 2;
      const valueGain = this.#valueVariance[i]! / total;
      const speedGain = this.#crossVariance[i]! / total;
      const surprise = seen[i]! - this.#value[i]!;
      this.#value[i]! += valueGain * surprise;
      this.#speed[i]! += speedGain * surprise;
      this.#speedVariance[i]! -= speedGain * this.#crossVariance[i]!;
      this.#crossVariance[i]! *= 1 - valueGain;
      this.#valueVariance[i]! *= 1 - valueGain;
    }
  }

  /** What the noise of a value grows with: the width for what is measured across, the height for the rest. */
  #size(i: number): number {
    return Math.max(this.#value[i % 2 === 0 ? 2 : 3]!, 1);
  }

  get box(): Box {
    const [x, y, width, height] = this.#value as unknown as [number, number, number, number];
    return { x: x - width / 2, y: y - height / 2, width, height };
  }

  /** Pixels a second to the right and downwards. */
  get velocity(): { readonly x: number; readonly y: number } {
    return { x: this.#speed[0]! * STEPS_PER_SECOND, y: this.#speed[1]! * STEPS_PER_SECOND };
  }
}

function measured({ x, y, width, height }: Box): Float64Array {
  return Float64Array.of(x + width / 2, y + height / 2, width, height);
}
