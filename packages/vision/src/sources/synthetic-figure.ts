import type { Walker } from "./synthetic-cast.ts";

/** Where figures are painted: one entry a pixel, owner << 24 | 0xRRGGBB; 0 is ground. */
export interface Canvas {
  readonly paint: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** What a figure covers: the box around its pixels inside the frame, and how many pixels it has with and without the frame's edges. */
export interface Extent {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Pixels of the whole figure. */
  whole: number;
  /** Of these, pixels still seen after everything was painted. */
  seen: number;
}

/**
 * Paints a walker row by row over whatever is there and measures what it covers. A person is a round head, a trunk and two legs that
 * swing; a box is a plain rectangle in two colours. `owner` (1 to 255) marks the pixels as the walker's.
 */
export function paintFigure(canvas: Canvas, walker: Walker, { owner, into }: { owner: number; into: Extent }): void {
  into.left = canvas.width;
  into.top = canvas.height;
  into.right = into.bottom = -1;
  into.whole = into.seen = 0;
  const height = Math.round(walker.height);
  const top = Math.round(walker.baseline) - height;
  const left = Math.round(walker.x);
  const width = Math.round(walker.width);
  const upper = ((owner << 24) | walker.upper) >>> 0;
  const lower = ((owner << 24) | walker.lower) >>> 0;
  const middle = left + width / 2;
  const swing = Math.sin(walker.stride) * width * 0.3;
  for (let row = 0; row < height; row++) {
    const y = top + row;
    const share = row / height;
    if (walker.shape === "box") {
      span(canvas, into, { y, from: left, to: left + width, colour: share < 0.5 ? upper : lower });
    } else if (share < 0.2) {
      const half = height * 0.1 * Math.sqrt(Math.max(0, 1 - (share / 0.1 - 1) ** 2));
      span(canvas, into, { y, from: middle - half, to: middle + half, colour: upper });
    } else if (share < 0.56) {
      span(canvas, into, { y, from: middle - width * 0.38, to: middle + width * 0.38, colour: upper });
    } else {
      const apart = (swing * (share - 0.56)) / 0.44;
      const leg = width * 0.17;
      span(canvas, into, { y, from: middle - apart - leg, to: middle - apart + leg, colour: lower });
      // Where the legs overlap, the pixels of the second one count once.
      const gap = Math.min(leg * 2, Math.abs(apart) * 2);
      const from = apart > 0 ? middle + apart + leg - gap : middle + apart - leg;
      span(canvas, into, { y, from, to: from + gap, colour: lower });
    }
  }
}

interface Span {
  readonly y: number;
  readonly from: number;
  readonly to: number;
  readonly colour: number;
}

function span({ paint, width, height }: Canvas, into: Extent, { y, from, to, colour }: Span): void {
  const start = Math.round(from);
  const end = Math.round(to);
  if (end <= start) return;
  into.whole += end - start;
  if (y < 0 || y >= height) return;
  const x0 = Math.max(0, start);
  const x1 = Math.min(width, end);
  if (x1 <= x0) return;
  paint.fill(colour, y * width + x0, y * width + x1);
  if (x0 < into.left) into.left = x0;
  if (x1 > into.right) into.right = x1;
  if (y < into.top) into.top = y;
  if (y >= into.bottom) into.bottom = y + 1;
}

/** Counts the pixels of `owner` that nobody painted over. */
export function countSeen({ paint, width }: Canvas, extent: Extent, owner: number): void {
  for (let y = extent.top; y < extent.bottom; y++) {
    for (let at = y * width + extent.left, end = y * width + extent.right; at < end; at++) if (paint[at]! >>> 24 === owner) extent.seen++;
  }
}
