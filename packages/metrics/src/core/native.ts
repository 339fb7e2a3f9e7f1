import { coarser, exponentialIndex } from "./exponential.ts";
import type { NativeBuckets, NativeHistogram } from "./snapshot.ts";

/**
 * A native histogram inside a row of numbers: a window of `size` buckets that lie side by side, at the finest schema at which all observations
 * so far fit (the algorithm of OpenTelemetry's exponential histogram with a maximum size). Negative values have a second window.
 *
 *   at + 0 schema   1 zero count   2 index of the first positive cell   3 lowest used  4 highest used   5..7 the same for negative
 *   at + 8 version, odd while cells are being moved: another thread that reads the row reads again
 *   at + 9 ...      WINDOW positive cells, WINDOW negative cells
 */
const WINDOW = 160; // OpenTelemetry's and Prometheus' usual limit; at the coarsest schema every double fits into 75

const SCHEMA = 0;
const ZERO = 1;
const POSITIVE = 2;
const NEGATIVE = 5;
export const VERSION = 8;
const HEADER = 9;
/** Values closer to zero than this count as zero: the smallest normal single-precision number is far below any time or size (Prometheus' default). */
export const ZERO_THRESHOLD: number = 2 ** -128;

/** Numbers that one native histogram takes. */
export const NATIVE_CELLS: number = HEADER + 2 * WINDOW;

/** Prepares an empty one. */
export function nativeReset(cells: Float64Array, at: number, schema: number): void {
  cells[at + SCHEMA] = schema;
  cells[at + POSITIVE + 1] = 1;
  cells[at + NEGATIVE + 1] = 1; // lowest used above highest used: nothing is used
}

/** Counts one finite value. */
export function nativeObserve(cells: Float64Array, at: number, value: number): void {
  const magnitude = value < 0 ? -value : value;
  if (magnitude <= ZERO_THRESHOLD) {
    cells[at + ZERO]! += 1;
    return;
  }
  const side = value < 0 ? NEGATIVE : POSITIVE;
  const fine = exponentialIndex(magnitude);
  let index = coarser(fine, cells[at + SCHEMA]!);
  const low = cells[at + side + 1]!;
  const high = cells[at + side + 2]!;
  if (!(index >= low && index <= high && low <= high)) {
    index = widen(cells, at, { side, fine });
  }
  cells[at + HEADER + (side === NEGATIVE ? WINDOW : 0) + index - cells[at + side]!]! += 1;
}

/** Makes the window hold an index: moves it while it is wide enough, else halves the resolution until it is. Returns the index, at the new schema. */
function widen(cells: Float64Array, at: number, options: { readonly side: number; readonly fine: number }): number {
  const { side, fine } = options;
  const first = at + HEADER + (side === NEGATIVE ? WINDOW : 0);
  for (;;) {
    const index = coarser(fine, cells[at + SCHEMA]!);
    const empty = cells[at + side + 1]! > cells[at + side + 2]!;
    const low = empty ? index : Math.min(index, cells[at + side + 1]!);
    const high = empty ? index : Math.max(index, cells[at + side + 2]!);
    if (high - low < WINDOW) {
      const start = cells[at + side]!;
      if (empty || low < start || high >= start + WINDOW) {
        const wanted = low - ((WINDOW - (high - low + 1)) >> 1);
        if (!empty) {
          cells[at + VERSION]! += 1;
          const held = cells.slice(first, first + WINDOW);
          cells.fill(0, first, first + WINDOW);
          for (let k = 0; k < WINDOW; k++) if (held[k]! > 0) cells[first + k + start - wanted] = held[k]!;
          cells[at + VERSION]! += 1;
        }
        cells[at + side] = wanted;
      }
      cells[at + side + 1] = low;
      cells[at + side + 2] = high;
      return index;
    }
    halve(cells, at);
  }
}

/** Joins neighbouring buckets: index i at schema s is ceil(i / 2) at s - 1. */
function halve(cells: Float64Array, at: number): void {
  cells[at + VERSION]! += 1;
  cells[at + SCHEMA]! -= 1;
  for (const side of [POSITIVE, NEGATIVE]) {
    const low = cells[at + side + 1]!;
    const high = cells[at + side + 2]!;
    if (low > high) continue;
    const first = at + HEADER + (side === NEGATIVE ? WINDOW : 0);
    const start = cells[at + side]!;
    const held = cells.slice(first, first + WINDOW);
    cells.fill(0, first, first + WINDOW);
    const newStart = half(low) - ((WINDOW - (half(high) - half(low) + 1)) >> 1);
    for (let index = low; index <= high; index++) cells[first + half(index) - newStart]! += held[index - start]!;
    cells[at + side] = newStart;
    cells[at + side + 1] = half(low);
    cells[at + side + 2] = half(high);
  }
  cells[at + VERSION]! += 1;
}

const half = (index: number): number => ((index - 1) >> 1) + 1;

/** What a row of numbers holds, for a snapshot. */
export function nativeRead(cells: Float64Array, at: number): NativeHistogram {
  const side = (of: number): NativeBuckets => {
    const low = cells[at + of + 1]!;
    const high = cells[at + of + 2]!;
    if (low > high) return { offset: 0, counts: [] };
    const first = at + HEADER + (of === NEGATIVE ? WINDOW : 0) + low - cells[at + of]!;
    return { offset: low, counts: Array.from(cells.subarray(first, first + high - low + 1)) };
  };
  return {
    schema: cells[at + SCHEMA]!,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: cells[at + ZERO]!,
    positive: side(POSITIVE),
    negative: side(NEGATIVE),
  };
}

/** A native histogram at a coarser schema: the same observations, less exactly. */
export function nativeAt(schema: number, native: NativeHistogram): NativeHistogram {
  const step = native.schema - schema;
  if (step <= 0) return native;
  const side = ({ offset, counts }: NativeBuckets): NativeBuckets => {
    if (counts.length === 0) return { offset: 0, counts };
    const map = (index: number): number => ((index - 1) >> step) + 1;
    const start = map(offset);
    const out: number[] = new Array(map(offset + counts.length - 1) - start + 1).fill(0);
    counts.forEach((count, k) => {
      out[map(offset + k) - start]! += count;
    });
    return { offset: start, counts: out };
  };
  return { ...native, schema, positive: side(native.positive), negative: side(native.negative) };
}
