import { InferometerError } from "@inferometer/metrics";
import { checkOptions, POSITIVE } from "../option-check.ts";

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
const MODES = 5;
const BACKGROUND_SHARE = 0.9;
const FIT_THRESHOLD = 9;
const FIRST_VARIANCE = 15;
const LEAST_VARIANCE = 4;
const MOST_VARIANCE = 75;
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
 * Memory: 61 bytes a grey pixel, 101 a coloured one, allocated once.
 *
 * @example
 * const background = new BackgroundSubtractor(320, 180);
 * background.apply(greyPixels, mask); // mask: 0 background, 255 foreground
 */
export class BackgroundSubtractor {
  // Plane after plane: the heaviest mode of all pixels, then the second ... Three pixels of four have one mode only (vtest.avi), so the
  // planes behind the first are seldom touched. With the loops for pixels that fit their first mode it takes 1.05 times the time of
  // OpenCV's WebAssembly; with the modes of a pixel side by side and one loop for all it took 1.5 times (640x360, grey).
  readonly #weight: Float32Array;
  readonly #mean: Float32Array;
  readonly #variance: Float32Array;
  readonly #modes: Uint8Array;
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
  /** By the number of modes: what brings the sum of the weights back to 1. */
  readonly #rescale: Float64Array = new Float64Array(MODES + 1);

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
    this.#weight = new Float32Array(this.#pixels * MODES);
    this.#variance = new Float32Array(this.#pixels * MODES);
    this.#mean = new Float32Array(this.#pixels * MODES * channels);
    this.#modes = new Uint8Array(this.#pixels);
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
    // The weights sum up to 1 before; after decay, pruning bias and one gain of `rate` they sum up to 1 + modes * prune.
    for (let modes = 0; modes <= MODES; modes++) this.#rescale[modes] = 1 / (1 + modes * this.#prune);
    if (this.#channels === 1) this.#applyGrey(picture, mask);
    else this.#applyColour(picture, mask);
  }

  /** The pixels whose heaviest mode fits, which is nearly all, are done in these two loops; the rest go to `#mix`. */
  #applyGrey(picture: Uint8Array, mask: Uint8Array): void {
    const [weight, mean, variance, modes, pixels] = [this.#weight, this.#mean, this.#variance, this.#modes, this.#pixels];
    const [rate, gain, near] = [this.#rate, this.#keep, Math.min(FIT_THRESHOLD, this.#far)];
    const [bias, alone] = [this.#prune + rate, rate / (this.#keep + this.#prune + rate)];
    for (let at = 0; at < pixels; at++) {
      const spread = variance[at]!;
      const off = mean[at]! - picture[at]!;
      const distance = off * off;
      const count = modes[at]!;
      if (count === 0 || distance >= near * spread) {
        mask[at] = this.#mix(at, picture);
        continue;
      }
      const share = count === 1 ? alone : rate / (gain * weight[at]! + bias);
      const wider = spread + share * (distance - spread);
      mean[at]! -= share * off;
      variance[at] = wider < LEAST_VARIANCE ? LEAST_VARIANCE : wider > MOST_VARIANCE ? MOST_VARIANCE : wider;
      mask[at] = MASK_BACKGROUND;
      if (count > 1) this.#favourFirst(at, count);
    }
  }

  #applyColour(picture: Uint8Array, mask: Uint8Array): void {
    const [weight, mean, variance, modes, pixels] = [this.#weight, this.#mean, this.#variance, this.#modes, this.#pixels];
    const [rate, gain, near] = [this.#rate, this.#keep, Math.min(FIT_THRESHOLD, this.#far)];
    const [bias, alone] = [this.#prune + rate, rate / (this.#keep + this.#prune + rate)];
    for (let at = 0, red = 0; at < pixels; at++, red += 3) {
      const spread = variance[at]!;
      const offRed = mean[red]! - picture[red]!;
      const offGreen = mean[red + 1]! - picture[red + 1]!;
      const offBlue = mean[red + 2]! - picture[red + 2]!;
      const distance = offRed * offRed + offGreen * offGreen + offBlue * offBlue;
      const count = modes[at]!;
      if (count === 0 || distance >= near * spread) {
        mask[at] = this.#mix(at, picture);
        continue;
      }
      const share = count === 1 ? alone : rate / (gain * weight[at]! + bias);
      const wider = spread + share * (distance - spread);
      mean[red]! -= share * offRed;
      mean[red + 1]! -= share * offGreen;
      mean[red + 2]! -= share * offBlue;
      variance[at] = wider < LEAST_VARIANCE ? LEAST_VARIANCE : wider > MOST_VARIANCE ? MOST_VARIANCE : wider;
      mask[at] = MASK_BACKGROUND;
      if (count > 1) this.#favourFirst(at, count);
    }
  }

  /** The heaviest mode fitted: it gains weight, the others fade, and those that faded away are dropped. */
  #favourFirst(pixel: number, count: number): void {
    const [weight, pixels, keep, prune] = [this.#weight, this.#pixels, this.#keep, this.#prune];
    const scale = this.#rescale[count]!;
    weight[pixel] = (keep * weight[pixel]! + prune + this.#rate) * scale;
    const end = pixel + count * pixels;
    let at = pixel + pixels;
    for (; at < end; at += pixels) {
      const faded = keep * weight[at]! + prune;
      if (faded < -prune) break;
      weight[at] = faded * scale;
    }
    if (at < end) this.#normalise(pixel, (this.#modes[pixel] = (at - pixel) / pixels));
  }

  /** The full rule: looks for the first mode that fits, moves it up by its new weight, or puts a new mode in place of the lightest. */
  #mix(pixel: number, picture: Uint8Array): number {
    const weight = this.#weight;
    const pixels = this.#pixels;
    const background = this.#isBackground(pixel, picture);
    const slower = !background && this.#frames > FIRST_FRAMES ? this.#foregroundLearning : 1;
    const rate = this.#rate * slower;
    const prune = this.#prune * slower;
    let count = this.#modes[pixel]!;
    let fits = false;
    for (let mode = 0, at = pixel; mode < count; mode++, at += pixels) {
      let heavy = (1 - rate) * weight[at]! + prune;
      let place = at;
      if (!fits) {
        const distance = this.#distance(at, pixel, picture);
        if (distance < FIT_THRESHOLD * this.#variance[at]!) {
          fits = true;
          heavy += rate;
          this.#pull(at, pixel, { picture, share: rate / heavy, distance });
          while (place >= pixels && heavy >= weight[place - pixels]!) place = this.#raise(place);
        }
      }
      if (heavy < -prune) {
        heavy = 0;
        count--;
      }
      weight[place] = heavy;
    }
    this.#modes[pixel] = count;
    this.#normalise(pixel, count);
    if (!fits) count = this.#addMode(pixel, { picture, rate });
    if (background) return MASK_BACKGROUND;
    return this.#shadows && this.#isShadow(pixel, { count, picture }) ? MASK_SHADOW : MASK_FOREGROUND;
  }

  /** Whether the pixel is near to one of the modes that make up the background: the heaviest, until they weigh BACKGROUND_SHARE. */
  #isBackground(pixel: number, picture: Uint8Array): boolean {
    const end = pixel + this.#modes[pixel]! * this.#pixels;
    let total = 0;
    for (let at = pixel; at < end && total < BACKGROUND_SHARE; at += this.#pixels) {
      const distance = this.#distance(at, pixel, picture);
      if (distance < this.#far * this.#variance[at]!) return true;
      if (distance < FIT_THRESHOLD * this.#variance[at]!) return false; // it is this mode's, and too far from it
      total += this.#keep * this.#weight[at]! + this.#prune;
    }
    return false;
  }

  /** Squared distance of the pixel from the mode at `at`. */
  #distance(at: number, pixel: number, picture: Uint8Array): number {
    if (this.#channels === 1) return (this.#mean[at]! - picture[pixel]!) ** 2;
    let sum = 0;
    for (let channel = 0; channel < 3; channel++) sum += (this.#mean[at * 3 + channel]! - picture[pixel * 3 + channel]!) ** 2;
    return sum;
  }

  /** Moves the mode towards the pixel. */
  #pull(at: number, pixel: number, { picture, share, distance }: { picture: Uint8Array; share: number; distance: number }): void {
    const [mean, channels] = [this.#mean, this.#channels];
    for (let channel = 0; channel < channels; channel++) {
      const was = mean[at * channels + channel]!;
      mean[at * channels + channel] = was - share * (was - picture[pixel * channels + channel]!);
    }
    const was = this.#variance[at]!;
    this.#variance[at] = Math.min(MOST_VARIANCE, Math.max(LEAST_VARIANCE, was + share * (distance - was)));
  }

  /** Swaps a mode with the one before it and returns its new place. */
  #raise(at: number): number {
    const above = at - this.#pixels;
    swap(this.#weight, at, above);
    swap(this.#variance, at, above);
    for (let channel = 0; channel < this.#channels; channel++) swap(this.#mean, at * this.#channels + channel, above * this.#channels + channel);
    return above;
  }

  #normalise(pixel: number, count: number): void {
    const [weight, pixels] = [this.#weight, this.#pixels];
    const end = pixel + count * pixels;
    let total = 0;
    for (let at = pixel; at < end; at += pixels) total += weight[at]!;
    const scale = total > NOTHING ? 1 / total : 0;
    for (let at = pixel; at < end; at += pixels) weight[at]! *= scale;
  }

  #addMode(pixel: number, { picture, rate }: { picture: Uint8Array; rate: number }): number {
    const [weight, pixels, channels] = [this.#weight, this.#pixels, this.#channels];
    const count = Math.min(this.#modes[pixel]! + 1, MODES);
    let at = pixel + (count - 1) * pixels;
    for (let older = pixel; older < at; older += pixels) weight[older]! *= 1 - rate;
    weight[at] = count === 1 ? 1 : rate;
    this.#variance[at] = FIRST_VARIANCE;
    for (let channel = 0; channel < channels; channel++) this.#mean[at * channels + channel] = picture[pixel * channels + channel]!;
    while (at >= pixels && rate >= weight[at - pixels]!) at = this.#raise(at);
    this.#modes[pixel] = count;
    return count;
  }

  /** Whether the pixel is a darker version of a background mode. Prati, Mikic, Trivedi, Cucchiara, "Detecting moving shadows", PAMI 25 (2003). */
  #isShadow(pixel: number, { count, picture }: { count: number; picture: Uint8Array }): boolean {
    const [mean, channels] = [this.#mean, this.#channels];
    let total = 0;
    for (let mode = 0, at = pixel; mode < count; mode++, at += this.#pixels) {
      let along = 0;
      let length = 0;
      for (let channel = 0; channel < channels; channel++) {
        const colour = mean[at * channels + channel]!;
        along += picture[pixel * channels + channel]! * colour;
        length += colour * colour;
      }
      if (length === 0) return false;
      if (along <= length && along >= DARKEST_SHADOW * length) {
        const dimmed = along / length;
        let distance = 0;
        for (let channel = 0; channel < channels; channel++) {
          distance += (dimmed * mean[at * channels + channel]! - picture[pixel * channels + channel]!) ** 2;
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
