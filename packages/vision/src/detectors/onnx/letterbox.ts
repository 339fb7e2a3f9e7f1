import type { Frame } from "../../types.ts";
import { toHalf } from "./half-float.ts";
import { type Pixels, type Placement, Resizer } from "./resizer.ts";

/** How a model wants its pictures. */
export interface Preparation {
  /** "letterbox" keeps the proportions and fills the rest, "stretch" fills the input with the picture. */
  readonly fit: "letterbox" | "stretch";
  /** Where a letterboxed picture lies in the input. */
  readonly place: "centre" | "corner";
  /** Grey level around a letterboxed picture, 0 to 255. */
  readonly padding: number;
  readonly channels: "rgb" | "bgr";
  /** What white is: 1 or 255. */
  readonly range: 1 | 255;
  /** Taken off each value, after the range, in the order red, green, blue. */
  readonly mean: readonly [number, number, number];
  /** What the rest is divided by. */
  readonly std: readonly [number, number, number];
}

/** The model's input: size in pixels, order of its dimensions, type of its numbers. */
export interface PictureInput {
  readonly width: number;
  readonly height: number;
  readonly order: "nchw" | "nhwc";
  readonly type: "float32" | "float16" | "uint8";
}

/**
 * Puts frames of any size into the input of a model: resized with bilinear interpolation (pixel centres aligned, as OpenCV's INTER_LINEAR,
 * which the models were trained with), rounded to 8 bits, then turned into the model's numbers by a table. The tables of a size are kept
 * until a frame of another size comes; nothing is allocated for a frame.
 */
export class Letterbox {
  readonly #input: PictureInput;
  readonly #preparation: Preparation;
  /** What each of the 256 levels becomes: red, green, blue, one after the other. */
  readonly #levels: Pixels;
  #resizer: Resizer | undefined;

  constructor(input: PictureInput, preparation: Preparation) {
    this.#input = input;
    this.#preparation = preparation;
    this.#levels = levelsFor(input, preparation);
  }

  /** An input for `count` pictures, all padding. */
  buffer(count: number): Pixels {
    const area = this.#input.width * this.#input.height;
    const buffer = emptyPixels(this.#input.type, 3 * area * count);
    for (let slot = 0; slot < count; slot++) this.#pad(buffer, slot);
    return buffer;
  }

  /**
   * Writes the picture number `slot` of the input and says where the frame is in it. `before` is what the last call for this slot answered:
   * when the frame lies where that one lay, the padding is left alone.
   */
  write(frame: Frame, into: Pixels, { slot, before }: { readonly slot: number; readonly before?: Placement | undefined }): Placement {
    if (this.#resizer?.fits(frame) !== true) this.#resizer = new Resizer(frame, this.#placementOf(frame));
    const { placement } = this.#resizer;
    const { width, height, order } = this.#input;
    const covered = placement.width === width && placement.height === height;
    if (!covered && placement !== before) this.#pad(into, slot);
    const start = slot * 3 * width * height;
    const corner = placement.top * width + placement.left;
    const planes = order === "nchw";
    const [first, last] = this.#preparation.channels === "rgb" ? [0, 2] : [2, 0];
    const channel = planes ? width * height : 1;
    const at = start + (planes ? corner : 3 * corner);
    this.#resizer.write(frame.data, into, {
      levels: this.#levels,
      red: at + first * channel,
      green: at + channel,
      blue: at + last * channel,
      pixel: planes ? 1 : 3,
      row: planes ? width : 3 * width,
    });
    return placement;
  }

  #pad(into: Pixels, slot: number): void {
    const { width, height, order } = this.#input;
    const area = width * height;
    const { padding, channels } = this.#preparation;
    const start = slot * 3 * area;
    for (let channel = 0; channel < 3; channel++) {
      const level = this.#levels[256 * (channels === "rgb" ? channel : 2 - channel) + padding]!;
      if (order === "nchw") into.fill(level, start + channel * area, start + (channel + 1) * area);
      else for (let at = start + channel; at < start + 3 * area; at += 3) into[at] = level;
    }
  }

  #placementOf(frame: Frame): Placement {
    const { fit, place } = this.#preparation;
    const { width, height } = this.#input;
    if (fit === "stretch") return { scaleX: width / frame.width, scaleY: height / frame.height, left: 0, top: 0, width, height };
    const scale = Math.min(width / frame.width, height / frame.height);
    const inner = { width: Math.max(1, Math.round(frame.width * scale)), height: Math.max(1, Math.round(frame.height * scale)) };
    // Of an odd rest, the larger half goes below and to the right.
    const [left, top] = place === "corner" ? [0, 0] : [(width - inner.width) >> 1, (height - inner.height) >> 1];
    return { scaleX: inner.width / frame.width, scaleY: inner.height / frame.height, left, top, ...inner };
  }
}

export const emptyPixels = (type: PictureInput["type"], length: number): Pixels =>
  type === "float32" ? new Float32Array(length) : type === "float16" ? new Uint16Array(length) : new Uint8Array(length);

function levelsFor({ type }: PictureInput, { range, mean, std }: Preparation): Pixels {
  const levels = emptyPixels(type, 768);
  for (let at = 0; at < 768; at++) {
    const channel = at >> 8;
    const value = (((at & 255) / 255) * range - mean[channel]!) / std[channel]!;
    // Of 8-bit inputs the range is 255, but its mean may be set by the user.
    levels[at] = type === "float16" ? toHalf(value) : type === "uint8" ? Math.min(255, Math.max(0, Math.round(value))) : value;
  }
  return levels;
}
