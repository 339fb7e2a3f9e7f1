import type { Box } from "../types.ts";
import type { BitMask } from "./bit-mask.ts";

/** Set pixels that hang together, diagonals included. */
export interface Region extends Box {
  /** Set pixels in the box. */
  readonly area: number;
}

/**
 * Finds the connected regions of a mask from its runs: one pass that links each run with those it touches in the row above, by
 * union-find (L. He, Y. Chao, K. Suzuki, "A run-based two-scan labeling algorithm", IEEE Trans. Image Processing 17, 2008).
 * The buffers grow with the number of runs and are kept for the next picture.
 */
export class RegionFinder {
  #starts: Int32Array = new Int32Array(1024);
  #ends: Int32Array = new Int32Array(1024);
  #rows: Int32Array = new Int32Array(1024);
  #parents: Int32Array = new Int32Array(1024);
  #count = 0;

  /** Regions of at least `leastArea` pixels, from top to bottom. */
  find(mask: BitMask, leastArea: number): Region[] {
    this.#count = 0;
    let above = 0;
    for (let y = 0; y < mask.height; y++) {
      const first = this.#count;
      this.#addRuns(mask, y);
      this.#link(above, first);
      above = first;
    }
    return this.#gather(leastArea);
  }

  /** Appends the runs of a row, as [start, end). */
  #addRuns(mask: BitMask, y: number): void {
    let start = -1;
    for (let at = 0; at < mask.stride; at++) {
      const bits = mask.words[y * mask.stride + at]!;
      if (bits === (start === -1 ? 0 : -1)) continue; // 32 pixels without a change
      for (let bit = 0; bit < 32; bit++) {
        const on = ((bits >>> bit) & 1) === 1;
        if (on === (start !== -1)) continue;
        if (on) start = at * 32 + bit;
        else {
          this.#push(start, { end: at * 32 + bit, row: y });
          start = -1;
        }
      }
    }
    if (start !== -1) this.#push(start, { end: mask.width, row: y });
  }

  #push(start: number, { end, row }: { end: number; row: number }): void {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
      this.#rows = doubled(this.#rows);
      this.#parents = doubled(this.#parents);
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#rows[this.#count] = row;
    this.#parents[this.#count] = this.#count;
    this.#count++;
  }

  /** Joins the runs from `first` on with those of the row above, which begin at `above`. Both rows are sorted, so two fingers suffice. */
  #link(above: number, first: number): void {
    let upper = above;
    for (let run = first; run < this.#count; run++) {
      while (upper < first && this.#ends[upper]! < this.#starts[run]!) upper++;
      for (let touching = upper; touching < first && this.#starts[touching]! <= this.#ends[run]!; touching++) this.#join(touching, run);
    }
  }

  #join(a: number, b: number): void {
    const one = this.#root(a);
    const other = this.#root(b);
    if (one < other) this.#parents[other] = one;
    else this.#parents[one] = other;
  }

  #root(run: number): number {
    const parents = this.#parents;
    let at = run;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]!]!;
    return at;
  }

  #gather(leastArea: number): Region[] {
    const found = new Map<number, { left: number; right: number; top: number; bottom: number; area: number }>();
    for (let run = 0; run < this.#count; run++) {
      const [left, right, y] = [this.#starts[run]!, this.#ends[run]!, this.#rows[run]!];
      const root = this.#root(run);
      const region = found.get(root);
      if (region === undefined) found.set(root, { left, right, top: y, bottom: y + 1, area: right - left });
      else {
        region.left = Math.min(region.left, left);
        region.right = Math.max(region.right, right);
        region.bottom = y + 1;
        region.area += right - left;
      }
    }
    return [...found.values()]
      .filter(({ area }) => area >= leastArea)
      .map(({ left, right, top, bottom, area }) => ({ x: left, y: top, width: right - left, height: bottom - top, area }));
  }
}

function doubled(values: Int32Array): Int32Array {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

/**
 * Joins regions that belong together: the boxes share half of the smaller one, or they stand above each other with at most `gap` pixels
 * between and share half of the wider one's width. A person whose belt has the wall's colour is one person; two people side by side are two.
 */
export function joinNear(regions: readonly Region[], gap: number): Region[] {
  const joined = [...regions];
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < joined.length; i++) {
      for (let j = joined.length - 1; j > i; j--) {
        if (!belongTogether(joined[i]!, joined[j]!, gap)) continue;
        joined[i] = around(joined[i]!, joined[j]!);
        joined.splice(j, 1);
        changed = true;
      }
    }
  }
  return joined;
}

function belongTogether(a: Region, b: Region, gap: number): boolean {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (across <= 0) return false;
  if (down > 0 && across * down * 2 >= Math.min(a.width * a.height, b.width * b.height)) return true;
  return -down <= gap && across * 2 >= Math.max(a.width, b.width);
}

function around(a: Region, b: Region): Region {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  return { x, y, width: right - x, height: Math.max(a.y + a.height, b.y + b.height) - y, area: a.area + b.area };
}
