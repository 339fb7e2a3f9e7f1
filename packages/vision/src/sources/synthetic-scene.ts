import { InferometerError } from "@inferometer/metrics";
import { checkOptions } from "../option-check.ts";
import type { PixelFormat, StreamInfo, Truth } from "../types.ts";
import { randomAt } from "./seeded-random.ts";
import { type CastOptions, type Walker, walkersAt } from "./synthetic-cast.ts";
import { type Canvas, countSeen, type Extent, paintFigure } from "./synthetic-figure.ts";

export interface SyntheticOptions extends Partial<CastOptions> {
  /** Pixels. Default 640. */
  readonly width?: number;
  /** Pixels. Default 360. */
  readonly height?: number;
  /** Default 30. */
  readonly framesPerSecond?: number;
  /** Default "rgb24". */
  readonly pixelFormat?: PixelFormat;
  /** Same seed, same pictures. Default 1. */
  readonly seed?: number;
  /** Paths across the picture, one above the other. Default 3. */
  readonly lanes?: number;
  /** How many are on their way in each lane at a time. Default 2. */
  readonly walkersPerLane?: number;
  /** How often somebody comes the other way and hides those he meets for a moment; 0 for never. Default 12. */
  readonly crossEverySeconds?: number;
  /** Seconds before the first one enters, in which a background can be learned. Default 2. */
  readonly emptySeconds?: number;
  /** Default "mixed". */
  readonly figures?: "person" | "box" | "mixed";
  /** Standard deviation of the camera's noise in grey levels. Default 4. */
  readonly noise?: number;
  /** Rise and fall of the light over a minute, as a share of the brightness. Default 0.06. */
  readonly drift?: number;
  /** Farthest that the camera jumps to each side, pixels. Default 0. */
  readonly shake?: number;
}

const NOISE_SIZE = 1 << 18;
const NOISE_MASK = NOISE_SIZE - 1;
const DRIFT_PERIOD_SECONDS = 60;

/**
 * Moving figures before a still ground, with exact truth for every frame: they enter, leave, meet and hide each other, under noise and
 * drifting light. Every picture is a function of the seed and its index, so any frame can be rendered without those before it.
 * Pixels are written into the caller's buffer; what is allocated for a frame is the truth that is returned and a view of that buffer.
 *
 * @example
 * const scene = new SyntheticScene({ seed: 7 });
 * const data = new Uint8Array(scene.frameBytes);
 * for (let index = 0; index < 300; index++) console.log(scene.render(index, data)); // [{ id: 1, box: …, label: "person", visibleFraction: 1 }]
 */
export class SyntheticScene {
  readonly info: Required<StreamInfo>;
  /** Size of the buffer that `render` fills. */
  readonly frameBytes: number;
  readonly #cast: CastOptions;
  readonly #drift: number;
  readonly #shake: number;
  readonly #ground: Uint8Array;
  readonly #groundWidth: number;
  readonly #noise: Int8Array = new Int8Array(NOISE_SIZE);
  readonly #light: Uint8Array = new Uint8Array(256);
  readonly #canvas: Canvas;
  readonly #extents: Extent[] = [];

  /** Throws OPTION_INVALID for a size, rate or amount that makes no picture. */
  constructor(options: SyntheticOptions = {}) {
    const { width = 640, height = 360, framesPerSecond = 30, pixelFormat = "rgb24", seed = 1 } = options;
    const { lanes = 3, walkersPerLane = 2, crossEverySeconds = 12, emptySeconds = 2, figures = "mixed" } = options;
    const { noise = 4, drift = 0.06, shake = 0 } = options;
    check("width", width, { least: 16, most: 8192, whole: true });
    check("height", height, { least: 16, most: 8192, whole: true });
    check("framesPerSecond", framesPerSecond, { least: 0.001, most: 1e6 });
    check("lanes", lanes, { least: 1, most: 12, whole: true });
    check("walkersPerLane", walkersPerLane, { least: 0.01, most: 8 });
    check("crossEverySeconds", crossEverySeconds, { least: 0, most: 1e9 });
    check("emptySeconds", emptySeconds, { least: 0, most: 1e9 });
    check("noise", noise, { least: 0, most: 40 });
    check("drift", drift, { least: 0, most: 0.9 });
    check("shake", shake, { least: 0, most: 64, whole: true });
    this.info = { width, height, pixelFormat, framesPerSecond };
    this.frameBytes = width * height * (pixelFormat === "rgb24" ? 3 : 1);
    this.#cast = { width, height, seed, lanes, walkersPerLane, crossEverySeconds, emptySeconds, figures };
    this.#drift = drift;
    this.#shake = shake;
    this.#groundWidth = width + 2 * shake;
    this.#ground = groundTexture(this.#groundWidth, height + 2 * shake, seed);
    this.#canvas = { paint: new Uint32Array(width * height), width, height };
    for (let i = 0; i < NOISE_SIZE; i++) {
      // The sum of three even throws is near enough to a bell, and has no long tails to clip.
      const throws = randomAt(seed, i, 11) + randomAt(seed, i, 12) + randomAt(seed, i, 13) - 1.5;
      this.#noise[i] = Math.round(throws * 2 * noise);
    }
  }

  /** Presentation time of a frame, seconds. */
  timestampSeconds(index: number): number {
    return index / this.info.framesPerSecond;
  }

  /** Who is in frame `index`, farthest first, without rendering it. */
  truths(index: number): Truth[] {
    const walkers = this.#paintWalkers(index);
    const truths: Truth[] = [];
    walkers.forEach(({ id, shape }, at) => {
      const extent = this.#extents[at]!;
      if (extent.right <= extent.left) return; // not a pixel of it is inside the frame
      countSeen(this.#canvas, extent, at + 1);
      const { left, top, right, bottom, seen, whole } = extent;
      truths.push({ id, box: { x: left, y: top, width: right - left, height: bottom - top }, label: shape, visibleFraction: seen / whole });
    });
    return truths;
  }

  /** Fills `into` (`frameBytes` long) with frame `index` and returns who is in it, farthest first. Throws OPTION_INVALID for a buffer too small. */
  render(index: number, into: Uint8Array): Truth[] {
    if (into.length < this.frameBytes) {
      throw new InferometerError("OPTION_INVALID", `A buffer of ${into.length} bytes cannot hold a frame of ${this.frameBytes}. Use frameBytes.`);
    }
    const truths = this.truths(index);
    this.#develop(index, into);
    return truths;
  }

  #paintWalkers(index: number): Walker[] {
    const { paint, width } = this.#canvas;
    for (const { left, top, right, bottom } of this.#extents) {
      for (let y = top; y < bottom; y++) paint.fill(0, y * width + left, y * width + right);
    }
    const walkers = walkersAt(this.timestampSeconds(index), this.#cast);
    this.#extents.length = walkers.length;
    const jolt = this.#jolt(index);
    walkers.forEach((walker, at) => {
      this.#extents[at] ??= { left: 0, top: 0, right: 0, bottom: 0, whole: 0, seen: 0 };
      const shaken = { ...walker, x: walker.x + jolt.x, baseline: walker.baseline + jolt.y };
      paintFigure(this.#canvas, shaken, { owner: at + 1, into: this.#extents[at] });
    });
    return walkers;
  }

  /** How far the picture is moved by the camera's shaking. */
  #jolt(index: number): { readonly x: number; readonly y: number } {
    const throwOf = (what: number): number => Math.floor(randomAt(this.#cast.seed, index, what) * (2 * this.#shake + 1)) - this.#shake;
    return { x: throwOf(21), y: throwOf(22) };
  }

  /** Ground and figures through the camera: light, noise, shake. */
  #develop(index: number, into: Uint8Array): void {
    const { width, height, pixelFormat } = this.info;
    const gain = 1 + this.#drift * Math.sin((2 * Math.PI * this.timestampSeconds(index)) / DRIFT_PERIOD_SECONDS);
    for (let level = 0; level < 256; level++) this.#light[level] = Math.min(255, Math.round(level * gain));
    const jolt = this.#jolt(index);
    const firstGrain = Math.floor(randomAt(this.#cast.seed, index, 23) * NOISE_SIZE);
    const out = new Uint8ClampedArray(into.buffer, into.byteOffset, this.frameBytes);
    const channels = pixelFormat === "rgb24" ? 3 : 1;
    for (let y = 0; y < height; y++) {
      const from = (y + this.#shake - jolt.y) * this.#groundWidth + this.#shake - jolt.x;
      const to = y * width * channels;
      if (channels === 3) this.#rowOfColour(out, { from, to, grain: firstGrain + to });
      else this.#rowOfGrey(out, { from, to, grain: firstGrain + to });
    }
    for (const { left, top, right, bottom } of this.#extents) {
      for (let y = top; y < bottom; y++) this.#rowOfFigures(out, { from: y * width + left, end: y * width + right, channels, grain: firstGrain });
    }
  }

  #rowOfColour(out: Uint8ClampedArray, { from, to, grain }: { from: number; to: number; grain: number }): void {
    const [ground, light, noise, end] = [this.#ground, this.#light, this.#noise, to + this.info.width * 3];
    for (let at = to, pixel = from, speck = grain; at < end; at += 3, speck += 3, pixel++) {
      const level = light[ground[pixel]!]!;
      out[at] = level + noise[speck & NOISE_MASK]!;
      out[at + 1] = level + noise[(speck + 1) & NOISE_MASK]!;
      out[at + 2] = level + noise[(speck + 2) & NOISE_MASK]!;
    }
  }

  #rowOfGrey(out: Uint8ClampedArray, { from, to, grain }: { from: number; to: number; grain: number }): void {
    const [ground, light, noise, end] = [this.#ground, this.#light, this.#noise, to + this.info.width];
    for (let at = to, pixel = from, speck = grain; at < end; at++, speck++, pixel++) out[at] = light[ground[pixel]!]! + noise[speck & NOISE_MASK]!;
  }

  #rowOfFigures(out: Uint8ClampedArray, { from, end, channels, grain }: { from: number; end: number; channels: number; grain: number }): void {
    const { paint } = this.#canvas;
    for (let pixel = from; pixel < end; pixel++) {
      const colour = paint[pixel]!;
      if (colour === 0) continue;
      const [red, green, blue] = [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
      const at = pixel * channels;
      for (let channel = 0; channel < channels; channel++) {
        const level = channels === 1 ? (77 * red + 150 * green + 29 * blue) >> 8 : channel === 0 ? red : channel === 1 ? green : blue;
        out[at + channel] = this.#light[level]! + this.#noise[(grain + at + channel) & NOISE_MASK]!;
      }
    }
  }
}

/** Grey slabs with speckles, between 90 and 150: darker and brighter than no figure. */
function groundTexture(width: number, height: number, seed: number): Uint8Array {
  const texture = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const slab = randomAt(seed, 31 + (x >> 6), 31 + (y >> 5));
      texture[y * width + x] = 95 + 40 * slab + 12 * randomAt(seed, x, y + 100_000);
    }
  }
  return texture;
}

function check(name: string, value: number, { least, most, whole = false }: { least: number; most: number; whole?: boolean }): void {
  const fits = (given: number): boolean => given >= least && given <= most && (!whole || Number.isInteger(given));
  checkOptions({ [name]: value }, { fits, wanted: `a${whole ? " whole" : ""} number from ${least} to ${most}` });
}
