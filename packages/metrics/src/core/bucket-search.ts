const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/** What finds the bucket of a value: bounds with +Inf at the end, and a first guess for the top 14 bits of a positive number. */
export interface BucketSearch {
  readonly bounds: Float64Array;
  readonly guesses: Uint8Array | Uint16Array;
  /** The right bucket may be more than one above the guess. */
  readonly crowded: boolean;
}

const GUESSES = 16384; // the sign, 11 bits of exponent, 2 of mantissa; the upper half, negative numbers, stays 0: the search starts at the first bound
const cache = new Map<string, BucketSearch>();

/**
 * Prepares a search over ascending bounds. Bucket of `v`: `k = guesses[top bits of v]`, then one higher if `v > bounds[k]`: with bounds a factor of
 * 1.25 or more apart that is all, whatever their number (bench/core: 11 and 20 buckets cost the same), and the sum `k + (v > bounds[k])` needs no
 * branch that the processor could guess wrong (12.2 against 8.9 ns). Where bounds lie closer, `while (v > bounds[k]) k++` does the rest.
 * Histograms with equal bounds share it.
 */
export function bucketSearch(upperBounds: readonly number[]): BucketSearch {
  const key = upperBounds.join(" ");
  let search = cache.get(key);
  if (search === undefined) {
    const bounds = Float64Array.from([...upperBounds, Number.POSITIVE_INFINITY]);
    const guesses = bounds.length <= 256 ? new Uint8Array(GUESSES) : new Uint16Array(GUESSES);
    let k = 0;
    let crowded = bounds[1]! < 0; // negative values all start at the first bound
    for (let cell = 0; cell < GUESSES / 2; cell++) {
      u32[0] = 0;
      u32[1] = cell << 18;
      const smallest = f64[0]!;
      while (smallest > bounds[k]!) k++; // NaN, at the end of the range, is above nothing
      // Two bounds between this guess and the one before: a value of the cell before may lie above both.
      if (cell > 0 && k > guesses[cell - 1]! + 1) crowded = true;
      guesses[cell] = k;
    }
    search = { bounds, guesses, crowded };
    cache.set(key, search);
  }
  return search;
}
