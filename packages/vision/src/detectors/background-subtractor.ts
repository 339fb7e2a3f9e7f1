import { InferometerError } from "@inferometer/metrics";
import { checkOptions, POSITIVE } from "../option-check.ts";
import { LEAST_VARIANCE, type MixtureMemory, MODES, MOST_VARIANCE, mixtureMemory } from "./mixture-memory.ts";

export interface BackgroundOptions {
  /** Frames that the background remembers; the learning rate is its inverse. Default 500. */
  readonly history?: number;
  /** Squared distance, in variances, up to which a pixel belongs to the background. Default 16, four standard deviations. */
  readonly varianceThreshold?: number;
  /** Mark shadows apart, as MASK_SHADOW. In grey pictures everything a little darker than the ground is a shadow. Default false. */
  readonly shadows?: boolean;
  /**
   * How fast pixels learn while they are foreground, as a share of the usual rate: with 0.2, what stops becomes background five times as
   * slowly. Applies after the first 30 frames. Default 1, as in the papers.
   */
  readonly foregroundLearning?: number;
  /** Default 1: grey. 3 for interleaved colour. */
  readonly channels?: 1 | 3;
}

export const MASK_BACKGROUND = 0;
export const MASK_SHADOW = 127;
export const MASK_FOREGROUND = 255;

// The parameters of the papers, at the values of OpenCV's BackgroundSubtractorMOG2, against which the masks are tested.
const BACKGROUND_SHARE = 0.9;
const FIT_THRESHOLD = 9;
const FIRST_VARIANCE = 15;
const COMPLEXITY_REDUCTION = 0.05;
const DARKEST_SHADOW = 0.5;
const NOTHING = 1.2e-7;
// Until then, what is there is taken for background as quickly as possible.
const FIRST_FRAMES = 30;

/**
 * Learns what every pixel usually looks like and marks what differs: an adaptive mixture of up to five Gaussians a pixel, whose number
 * follows the picture. Z. Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction", ICPR 2004; Z. Zivkovic and
 * F. van der Heijden, "Efficient adaptive density estimation per image pixel", Pattern Recognition Letters 27 (2006).
 *
 * Memory: 63 bytes a grey pixel, 105 a coloured one, allocated once.
 *
 * @example
 * const background = new BackgroundSubtractor(320, 180);
 * background.apply(greyPixels, mask); // mask: 0 background, 255 foreground
 */
export class BackgroundSubtractor {
  readonly #memory: MixtureMemory;
  // Parts of the memory.
  readonly #weight: Float32Array;
  readonly #mean: Float32Array;
  readonly #variance: Float32Array;
  readonly #modes: Uint8Array;
  /** From a value of one mode to that of the next. */
  readonly #stride: number;
  /** From a mode's mean in one channel to that in the next. */
  readonly #channelStride: number;
  readonly #pixels: number;
  readonly #channels: 1 | 3;
  readonly #history: number;
  readonly #far: number;
  readonly #shadows: boolean;
  readonly #foregroundLearning: number;
  #frames = 0;
  #rate = 0;
  #keep = 1;
  #prune = 0;
  /** Width and height in pixels. Throws OPTION_INVALID for what is not a positive number. */
  constructor(width: number, height: number, options: BackgroundOptions = {}) {
    const { history = 500, varianceThreshold = 16, shadows = false, channels = 1, foregroundLearning = 1 } = options;
    checkOptions({ width, height, history, varianceThreshold, foregroundLearning }, POSITIVE);
    this.#pixels = width * height;
    this.#channels = channels;
    this.#history = history;
    this.#far = varianceThreshold;
    this.#shadows = shadows;
    this.#foregroundLearning = foregroundLearning;
    this.#memory = mixtureMemory(this.#pixels, channels);
    this.#weight = this.#memory.weight;
    this.#variance = this.#memory.variance;
    this.#mean = this.#memory.mean;
    this.#modes = this.#memory.modes;
    this.#stride = this.#memory.stride;
    this.#channelStride = this.#stride * MODES;
  }

  /** Learns a picture and fills `mask`, one byte a pixel. The rate starts high, so that the first frames make a background quickly. */
  apply(picture: Uint8Array, mask: Uint8Array): void {
    if (picture.length < this.#pixels * this.#channels || mask.length < this.#pixels) {
      const needed = `${this.#pixels * this.#channels} and ${this.#pixels}`;
      throw new InferometerError("OPTION_INVALID", `Picture and mask have ${picture.length} and ${mask.length} bytes; ${needed} are needed.`);
    }
    this.#frames++;
    this.#rate = Math.fround(1 / Math.min(2 * this.#frames, this.#history));
    this.#keep = Math.fround(1 - this.#rate);
    this.#prune = Math.fround(-this.#rate * COMPLEXITY_REDUCTION);
    const { learn, rest } = this.#memory;
    if (learn === undefined) {
      for (let pixel = 0; pixel < this.#pixels; pixel++) mask[pixel] = this.#mix(pixel, picture);
      return;
    }
    mask.fill(MASK_BACKGROUND, 0, this.#pixels);
    this.#memory.picture.set(picture.subarray(0, this.#pixels * this.#channels));
    const entries = learn(this.#rate, this.#keep, this.#prune, Math.min(FIT_THRESHOLD, this.#far));
    for (let entry = 0; entry < entries; entry++) {
      const word = rest[entry]!;
      for (let bits = word & 15, pixel = word >> 4; bits !== 0 && pixel < this.#pixels; bits >>= 1, pixel++) {
        if ((bits & 1) === 1) mask[pixel] = this.#mix(pixel, picture);
      }
    }
  }

  /** The full rule: looks for the first mode that fits, moves it up by its new weight, or puts a new mode in place of the lightest. */
  #mix(pixel: number, picture: Uint8Array): number {
    const weight = this.#weight;
    const variance = this.#variance;
    const stride = this.#stride;
    let count = this.#modes[pixel]!;
    const end = pixel + count * stride;
    let fitting = -1;
    let distance = 0;
    // Background is what is near to one of the heaviest modes, until they weigh BACKGROUND_SHARE; what fits a mode and is too far from it is not.
    let background = false;
    for (let at = pixel, looking = true, total = 0; at < end && fitting === -1; at += stride) {
      distance = this.#distance(at, pixel, picture);
      if (distance < FIT_THRESHOLD * variance[at]!) fitting = at;
      if (!looking) continue;
      background = distance < this.#far * variance[at]!;
      total += this.#keep * weight[at]! + this.#prune;
      looking = !background && total < BACKGROUND_SHARE;
    }
    const slower = !background && this.#frames > FIRST_FRAMES ? this.#foregroundLearning : 1;
    const rate = this.#rate * slower;
    const prune = this.#prune * slower;
    let total = 0;
    for (let at = pixel; at < end; at += stride) {
      let heavy = (1 - rate) * weight[at]! + prune;
      if (at === fitting) heavy += rate;
      else if (heavy < -prune) {
        heavy = 0;
        count--;
      }
      weight[at] = heavy;
      total += heavy;
    }
    if (fitting !== -1) {
      this.#pull(fitting, pixel, { picture, share: rate / weight[fitting]!, distance });
      this.#rise(fitting);
    }
    const scale = total > NOTHING ? 1 / total : 0;
    for (let mode = 0, at = pixel; mode < count; mode++, at += stride) weight[at]! *= scale;
    if (fitting === -1) count = this.#addMode(pixel, { picture, rate, count });
    this.#modes[pixel] = count;
    if (background) return MASK_BACKGROUND;
    return this.#shadows && this.#isShadow(pixel, { count, picture }) ? MASK_SHADOW : MASK_FOREGROUND;
  }

  /** Squared distance of the pixel from the mode at `at`. */
  #distance(at: number, pixel: number, picture: Uint8Array): number {
    const mean = this.#mean;
    if (this.#channels === 1) return (mean[at]! - picture[pixel]!) ** 2;
    const step = this.#channelStride;
    return (
      (mean[at]! - picture[pixel * 3]!) ** 2 +
      (mean[at + step]! - picture[pixel * 3 + 1]!) ** 2 +
      (mean[at + 2 * step]! - picture[pixel * 3 + 2]!) ** 2
    );
  }

  /** Moves the mode towards the pixel. */
  #pull(at: number, pixel: number, { picture, share, distance }: { picture: Uint8Array; share: number; distance: number }): void {
    const mean = this.#mean;
    const channels = this.#channels;
    for (let channel = 0, place = at; channel < channels; channel++, place += this.#channelStride) {
      mean[place]! -= share * (mean[place]! - picture[pixel * channels + channel]!);
    }
    const was = this.#variance[at]!;
    this.#variance[at] = Math.min(MOST_VARIANCE, Math.max(LEAST_VARIANCE, was + share * (distance - was)));
  }

  /** Moves a mode up before those that are no heavier. */
  #rise(from: number): void {
    const weight = this.#weight;
    const variance = this.#variance;
    const mean = this.#mean;
    const stride = this.#stride;
    for (let at = from; at >= stride && weight[at]! >= weight[at - stride]!; at -= stride) {
      swap(weight, at, at - stride);
      swap(variance, at, at - stride);
      for (let channel = 0, place = at; channel < this.#channels; channel++, place += this.#channelStride) swap(mean, place, place - stride);
    }
  }

  /** Puts a new mode behind `count` others, or in place of the last. Returns how many there are then. */
  #addMode(pixel: number, { picture, rate, count }: { picture: Uint8Array; rate: number; count: number }): number {
    const weight = this.#weight;
    const stride = this.#stride;
    const channels = this.#channels;
    const added = Math.min(count + 1, MODES);
    const at = pixel + (added - 1) * stride;
    for (let older = pixel; older < at; older += stride) weight[older]! *= 1 - rate;
    weight[at] = added === 1 ? 1 : rate;
    this.#variance[at] = FIRST_VARIANCE;
    for (let channel = 0; channel < channels; channel++) this.#mean[at + channel * this.#channelStride] = picture[pixel * channels + channel]!;
    this.#rise(at);
    return added;
  }

  /** Whether the pixel is a darker version of a background mode. Prati, Mikic, Trivedi, Cucchiara, "Detecting moving shadows", PAMI 25 (2003). */
  #isShadow(pixel: number, { count, picture }: { count: number; picture: Uint8Array }): boolean {
    const mean = this.#mean;
    const channels = this.#channels;
    let total = 0;
    for (let mode = 0, at = pixel; mode < count; mode++, at += this.#stride) {
      let along = 0;
      let length = 0;
      for (let channel = 0; channel < channels; channel++) {
        const colour = mean[at + channel * this.#channelStride]!;
        along += picture[pixel * channels + channel]! * colour;
        length += colour * colour;
      }
      if (length === 0) return false;
      if (along <= length && along >= DARKEST_SHADOW * length) {
        const dimmed = along / length;
        let distance = 0;
        for (let channel = 0; channel < channels; channel++) {
          distance += (dimmed * mean[at + channel * this.#channelStride]! - picture[pixel * channels + channel]!) ** 2;
        }
        if (distance < this.#far * this.#variance[at]! * dimmed * dimmed) return true;
      }
      total += this.#weight[at]!;
      if (total > BACKGROUND_SHARE) return false;
    }
    return false;
  }
}

function swap(plane: Float32Array, a: number, b: number): void {
  const kept = plane[a]!;
  plane[a] = plane[b]!;
  plane[b] = kept;
}
