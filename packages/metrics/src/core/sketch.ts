const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/** 64 cells an octave: a cell is 1/64 of its lower end wide at most, so its middle is at most 0.78 % away from any value in it. */
const CELL_SHIFT = 14;
const OCTAVE_SHIFT = 6;
const OCTAVE = 1 << OCTAVE_SHIFT;

/** The largest relative error of a quantile. */
export const SKETCH_ERROR: number = 1 / 128;

/**
 * Counts of positive numbers in cells of constant relative width, over a sliding time window cut into `windows` parts: a histogram on the top
 * bits of a double (as HdrHistogram and DDSketch's interpolated mapping have it), so that finding a cell is a shift. Totals over the parts are kept,
 * a cell each and an octave each, so that a quantile is a walk over octaves and then over one octave's cells.
 */
class CellWindows {
  #first = 0; // number of the first cell; the arrays begin and end with an octave
  #parts: Uint32Array[];
  #current: Uint32Array;
  #total: Uint32Array = new Uint32Array(0);
  #octaves: Uint32Array = new Uint32Array(0);

  constructor(windows: number) {
    this.#parts = Array.from({ length: windows }, () => new Uint32Array(0));
    this.#current = this.#parts[0]!;
  }

  add(value: number): void {
    f64[0] = value;
    let place = (u32[1]! >>> CELL_SHIFT) - this.#first;
    if (place < 0 || place >= this.#total.length) place = this.#widen(u32[1]! >>> CELL_SHIFT);
    this.#current[place]! += 1;
    this.#total[place]! += 1;
    this.#octaves[place >> OCTAVE_SHIFT]! += 1;
  }

  /** Values in all parts. Added up here: to keep it at each add cost 7 of 29 ns (bench/core, summary observe). */
  count(): number {
    let count = 0;
    for (const octave of this.#octaves) count += octave;
    return count;
  }

  /** Empties a part and writes to it from now on. */
  turn(part: number): void {
    const old = this.#parts[part]!;
    for (let k = 0; k < old.length; k++) {
      this.#total[k]! -= old[k]!;
      this.#octaves[k >> OCTAVE_SHIFT]! -= old[k]!;
    }
    old.fill(0);
    this.#current = old;
  }

  /** The middle of the cell that holds the `rank`-th smallest value, from 1 to `count()`. */
  at(rank: number): number {
    let left = rank;
    let octave = 0;
    while (left > this.#octaves[octave]!) left -= this.#octaves[octave++]!;
    let place = octave << OCTAVE_SHIFT;
    while (left > this.#total[place]!) left -= this.#total[place++]!;
    return this.#middle(place);
  }

  #middle(place: number): number {
    u32[0] = 0;
    u32[1] = (place + this.#first) << CELL_SHIFT;
    const low = f64[0]!;
    u32[1] = (place + this.#first + 1) << CELL_SHIFT;
    const high = f64[0]!;
    return high === Number.POSITIVE_INFINITY ? low : low + (high - low) / 2; // their sum may be too large
  }

  #widen(cell: number): number {
    const { length } = this.#total;
    const start = cell & ~(OCTAVE - 1);
    const low = length === 0 ? start : Math.min(this.#first, start);
    const high = Math.max(length === 0 ? 0 : this.#first + length, start + OCTAVE);
    const shift = length === 0 ? 0 : this.#first - low;
    const wider = (old: Uint32Array): Uint32Array => {
      const cells = new Uint32Array(high - low);
      cells.set(old, shift);
      return cells;
    };
    const current = this.#parts.indexOf(this.#current);
    this.#parts = this.#parts.map(wider);
    this.#current = this.#parts[current]!;
    this.#total = wider(this.#total);
    const octaves = new Uint32Array((high - low) >> OCTAVE_SHIFT);
    octaves.set(this.#octaves, shift >> OCTAVE_SHIFT);
    this.#octaves = octaves;
    this.#first = low;
    return cell - low;
  }
}

/** The distribution of the values of the last `windows * stepMs` milliseconds (one part more or less), to a relative error of SKETCH_ERROR. */
export class SlidingSketch {
  readonly #windows: number;
  readonly #stepMs: number;
  readonly #positive: CellWindows;
  #negative: CellWindows | undefined;
  /** How many zeros each part holds; and after the parts all of them together. */
  readonly #zeros: Float64Array;
  #part = 0;
  #next: number;

  constructor(options: { readonly windows: number; readonly stepMs: number; readonly now: number }) {
    const { windows, stepMs, now } = options;
    this.#windows = windows;
    this.#stepMs = stepMs;
    this.#positive = new CellWindows(windows);
    this.#zeros = new Float64Array(windows + 1);
    this.#next = now + stepMs;
  }

  /** Counts a finite number. */
  add(value: number, now: number): void {
    if (now >= this.#next) this.#turn(now);
    if (value > 0) this.#positive.add(value);
    else this.#addOther(value);
  }

  /** Values in the window. */
  count(now: number): number {
    if (now >= this.#next) this.#turn(now);
    return this.#positive.count() + this.#zeros[this.#windows]! + (this.#negative?.count() ?? 0);
  }

  /** A quantile (0 to 1) of the window by nearest rank; NaN when it is empty, or for a quantile outside 0 to 1. */
  quantile(quantile: number, now: number): number {
    const count = this.count(now);
    if (count === 0 || !(quantile >= 0 && quantile <= 1)) return Number.NaN;
    const rank = Math.max(1, Math.ceil(quantile * count));
    const negative = this.#negative?.count() ?? 0;
    const zeros = this.#zeros[this.#windows]!;
    if (rank <= negative) return -this.#below().at(negative - rank + 1); // the smallest has the largest magnitude
    if (rank <= negative + zeros) return 0;
    return this.#positive.at(rank - negative - zeros);
  }

  /** Forgets everything. */
  clear(): void {
    for (let k = 0; k < this.#windows; k++) this.#empty(k);
    this.#empty(this.#part);
  }

  #addOther(value: number): void {
    if (value === 0) {
      this.#zeros[this.#part]! += 1;
      this.#zeros[this.#windows]! += 1;
    } else this.#below().add(-value);
  }

  #below(): CellWindows {
    if (this.#negative === undefined) {
      this.#negative = new CellWindows(this.#windows);
      this.#negative.turn(this.#part);
    }
    return this.#negative;
  }

  #turn(now: number): void {
    const steps = Math.floor((now - this.#next) / this.#stepMs) + 1;
    for (let k = 0; k < Math.min(steps, this.#windows); k++) {
      this.#part = (this.#part + 1) % this.#windows;
      this.#empty(this.#part);
    }
    this.#next += steps * this.#stepMs;
  }

  #empty(part: number): void {
    this.#positive.turn(part);
    this.#negative?.turn(part);
    this.#zeros[this.#windows]! -= this.#zeros[part]!;
    this.#zeros[part] = 0;
  }
}
