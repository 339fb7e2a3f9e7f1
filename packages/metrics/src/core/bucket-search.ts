const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/** What finds the bucket of a value: bounds with +Inf at the end, and a first guess for the top 14 bits of a positive number. */
export interface BucketSearch {
  readonly bounds: Float64Array;
  readonly guesses: Uint8Array | Uint16Array;
}

const GUESSES = 16384; // the sign, 11 bits of exponent, 2 of mantissa; the upper half, negative numbers, stays 0: the search starts at the first bound
const cache = new Map<string, BucketSearch>();

/**
 * Prepares a search over ascending bounds. Bucket of `v`: `k = guesses[top bits of v]`, then `while (v > bounds[k]) k++`: with bounds a factor of
 * 1.25 or more apart one comparison is left, whatever their number (bench/core: 11 and 20 buckets cost the same). Histograms with equal bounds share it.
 */
export function bucketSearch(upperBounds: readonly number[]): BucketSearch {
  const key = upperBounds.join(" ");
  let search = cache.get(key);
  if (search === undefined) {
    const bounds = Float64Array.from([...upperBounds, Number.POSITIVE_INFINITY]);
    const guesses = bounds.length <= 256 ? new Uint8Array(GUESSES) : new Uint16Array(GUESSES);
    let k = 0;
    for (let cell = 0; cell < GUESSES / 2; cell++) {
      u32[0] = 0;
      u32[1] = cell << 18;
      const smallest = f64[0]!;
      while (smallest > bounds[k]!) k++; // NaN, at the end of the range, is above nothing
      guesses[cell] = k;
    }
    search = { bounds, guesses };
    cache.set(key, search);
  }
  return search;
}
