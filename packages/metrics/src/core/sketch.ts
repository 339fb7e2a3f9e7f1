const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/** 64 cells an octave: a cell is 1/64 of its lower end wide at most, so its middle is at most 0.78 % away from any value in it. */
const CELL_SHIFT = 14;
const OCTAVE = 64;

/** The largest relative error of a quantile. */
export const SKETCH_ERROR: number = 1 / 128;

/**
 * Counts of positive numbers in cells of constant relative width, over a sliding time window cut into `windows` parts: a histogram on the top
 * bits of a double (as HdrHistogram and DDSketch's interpolated mapping have it), so that finding a cell is a shift. A total over the parts is kept,
 * so that a quantile is one walk.
 */
class CellWindows {
  #first = 0; // number of the first cell; 0 while there is none
  #parts: Uint32Array[];
  #total: Uint32Array = new Uint32Array(0);
  #current: Uint32Array;

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
  }

  /** Empties a part and writes to it from now on. */
  turn(part: number): void {
    const old = this.#parts[part]!;
    for (let k = 0; k < old.length; k++) this.#total[k]! -= old[k]!;
    old.fill(0);
    this.#current = old;
  }

  /** The middle of the cell that holds the `rank`-th smallest value (rank from 1), counted from the other end with `descending`. */
  at(rank: number, options: { readonly descending: boolean }): number {
    const total = this.#total;
    let left = rank;
    let place = options.descending ? total.length - 1 : 0;
    const step = options.descending ? -1 : 1;
    for (;;) {
      left -= total[place]!;
      if (left <= 0) return this.#middle(place);
      place += step;
    }
  }

  #middle(place: number): number {
    u32[0] = 0;
    u32[1] = ((place + this.#first) << CELL_SHIFT) | (1 << (CELL_SHIFT - 1));
    return f64[0]!;
  }

  #widen(cell: number): number {
    const length = this.#total.length;
    // Whole octaves, so that a metric settles after few steps.
    const low = Math.min(length === 0 ? cell : this.#first, cell & ~(OCTAVE - 1));
    const high = Math.max(length === 0 ? 0 : this.#first + length, (cell | (OCTAVE - 1)) + 1);
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
  readonly #counts: Float64Array; // a part each: positive, zero, negative
  #part = 0;
  #next: number;

  constructor(options: { readonly windows: number; readonly stepMs: number; readonly now: number }) {
    const { windows, stepMs, now } = options;
    this.#windows = windows;
    this.#stepMs = stepMs;
    this.#positive = new CellWindows(windows);
    this.#counts = new Float64Array(windows * 3);
    this.#next = now + stepMs;
  }

  /** Counts a finite number. */
  add(value: number, now: number): void {
    if (now >= this.#next) this.#turn(now);
    if (value > 0) {
      this.#positive.add(value);
      this.#counts[this.#part * 3]! += 1;
    } else if (value === 0) this.#counts[this.#part * 3 + 1]! += 1;
    else {
      if (this.#negative === undefined) {
        this.#negative = new CellWindows(this.#windows);
        this.#negative.turn(this.#part);
      }
      this.#negative.add(-value);
      this.#counts[this.#part * 3 + 2]! += 1;
    }
  }

  /** Values in the window. */
  count(now: number): number {
    if (now >= this.#next) this.#turn(now);
    let count = 0;
    for (const n of this.#counts) count += n;
    return count;
  }

  /** A quantile (0 to 1) of the window by nearest rank; NaN when it is empty, or for a quantile outside 0 to 1. */
  quantile(quantile: number, now: number): number {
    if (now >= this.#next) this.#turn(now);
    const [positive, zero, negative] = [0, 1, 2].map((side) => this.#side(side)) as [number, number, number];
    const count = positive + zero + negative;
    if (count === 0 || !(quantile >= 0 && quantile <= 1)) return Number.NaN;
    const rank = Math.max(1, Math.ceil(quantile * count));
    if (rank <= negative) return -this.#negative!.at(rank, { descending: true });
    if (rank <= negative + zero) return 0;
    return this.#positive.at(rank - negative - zero, { descending: false });
  }

  /** Forgets everything. */
  clear(): void {
    for (let k = 0; k < this.#windows; k++) this.#empty(k);
    this.#empty(this.#part);
  }

  #side(side: number): number {
    let count = 0;
    for (let k = side; k < this.#counts.length; k += 3) count += this.#counts[k]!;
    return count;
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
    this.#counts.fill(0, part * 3, part * 3 + 3);
  }
}
