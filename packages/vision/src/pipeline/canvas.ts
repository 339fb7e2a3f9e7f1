import type { Frame } from "../types.ts";
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphRows } from "./bitmap-font.ts";

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A rectangle of whole pixels, the right and lower edges not included. */
interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A picture in rgb24 to draw on. What lies outside is left out. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly #glyphs: Map<string, Uint8Array> = new Map();

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
  }

  /** Starts over with a copy of a frame of the same size. */
  copy({ data, pixelFormat }: Frame): void {
    if (pixelFormat === "rgb24") this.pixels.set(data);
    else for (let from = 0, to = 0; to < this.pixels.length; from++, to += 3) this.pixels.fill(data[from]!, to, to + 3);
  }

  fill({ left, top, right, bottom }: Area, [red, green, blue]: Colour): void {
    const [x0, x1] = [Math.max(0, left), Math.min(this.width, right)];
    const [y0, y1] = [Math.max(0, top), Math.min(this.height, bottom)];
    for (let y = y0; y < y1; y++) {
      for (let at = (y * this.width + x0) * 3, end = (y * this.width + x1) * 3; at < end; at += 3) {
        this.pixels[at] = red;
        this.pixels[at + 1] = green;
        this.pixels[at + 2] = blue;
      }
    }
  }

  /** Lines of the given thickness inside an area. */
  outline({ left, top, right, bottom }: Area, { colour, thickness }: { readonly colour: Colour; readonly thickness: number }): void {
    this.fill({ left, top, right, bottom: top + thickness }, colour);
    this.fill({ left, top: bottom - thickness, right, bottom }, colour);
    this.fill({ left, top, right: left + thickness, bottom }, colour);
    this.fill({ left: right - thickness, top, right, bottom }, colour);
  }

  /** Writes text with its upper left corner at a point; each pixel of the font is `scale` pixels wide and tall. */
  text(text: string, { x, y, colour, scale }: { readonly x: number; readonly y: number; readonly colour: Colour; readonly scale: number }): void {
    let left = x;
    for (const letter of text) {
      this.#rows(letter).forEach((bits, row) => {
        for (let column = 0; column < GLYPH_WIDTH; column++) {
          if (((bits >> (GLYPH_WIDTH - 1 - column)) & 1) === 0) continue;
          const [pixelLeft, pixelTop] = [left + column * scale, y + row * scale];
          this.fill({ left: pixelLeft, top: pixelTop, right: pixelLeft + scale, bottom: pixelTop + scale }, colour);
        }
      });
      left += (GLYPH_WIDTH + 1) * scale;
    }
  }

  #rows(letter: string): Uint8Array {
    const known = this.#glyphs.get(letter);
    if (known !== undefined) return known;
    const rows = glyphRows(letter);
    if (this.#glyphs.size < 1000) this.#glyphs.set(letter, rows);
    return rows;
  }
}

/** How large a text is, without the gap behind its last letter. */
export function textSize(text: string, scale: number): { readonly width: number; readonly height: number } {
  return { width: Math.max(0, [...text].length * (GLYPH_WIDTH + 1) - 1) * scale, height: GLYPH_HEIGHT * scale };
}
