import type { FrameStamp } from "../types.ts";

export interface SamplerOptions {
  /** Takes the first of so many frames. Default 1. */
  readonly every?: number;
  /** By presentation time, so a file is thinned out the same however quickly it is read. Default: no limit. */
  readonly maxFramesPerSecond?: number;
}

// Times are rounded: a frame may come a hair early, and time has not been set back when it stands still.
const SLACK = 0.01;

/** Decides which frames are worth a look. */
export class Sampler {
  readonly #every: number;
  readonly #periodSeconds: number;
  #offered = 0;
  #dueSeconds = Number.NEGATIVE_INFINITY;

  constructor({ every = 1, maxFramesPerSecond = Number.POSITIVE_INFINITY }: SamplerOptions = {}) {
    this.#every = every;
    this.#periodSeconds = 1 / maxFramesPerSecond;
  }

  takes({ timestampSeconds }: FrameStamp): boolean {
    const due = this.#offered++ % this.#every === 0;
    if (!due || this.#periodSeconds === 0) return due;
    const untilDue = this.#dueSeconds - timestampSeconds;
    const longestSeconds = this.#periodSeconds * (1 + SLACK);
    if (untilDue > this.#periodSeconds * SLACK && untilDue <= longestSeconds) return false;
    // Due times keep their rhythm, unless there was a gap or time was set back.
    const inRhythm = Math.abs(untilDue) <= longestSeconds;
    this.#dueSeconds = (inRhythm ? this.#dueSeconds : timestampSeconds) + this.#periodSeconds;
    return true;
  }
}
