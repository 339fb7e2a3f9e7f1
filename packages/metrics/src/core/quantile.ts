import type { HistogramPoint, NativeHistogram } from "./snapshot.ts";

/**
 * A quantile (0 to 1) estimated from a histogram, by the rules of PromQL's histogram_quantile: linear inside a classic bucket, with 0 as the
 * lower end of the first where its bound is positive, and the highest finite bound for what lies in +Inf; exponential inside a native bucket,
 * counted from the nearer end (Prometheus 3). NaN for an empty histogram or a quantile outside 0 to 1. Quantile 0 is the lower end of the first
 * bucket that holds something, where PromQL says NaN if the very first bucket is empty.
 */
export function quantileOfBuckets(point: HistogramPoint, quantile: number): number {
  if (!(quantile >= 0 && quantile <= 1) || !(point.count > 0)) return Number.NaN;
  if (point.buckets.length === 0) return point.native === undefined ? Number.NaN : quantileOfNative(point.native, quantile, point.count);
  const rank = quantile * point.count;
  const { buckets } = point;
  let k = 0;
  while (k < buckets.length - 1 && (buckets[k]![1] < rank || buckets[k]![1] === 0)) k++;
  const [upper, upTo] = buckets[k]!;
  if (upper === Number.POSITIVE_INFINITY) return k === 0 ? Number.NaN : buckets[k - 1]![0];
  const before = k === 0 ? 0 : buckets[k - 1]![1];
  if (k === 0 && upper <= 0) return upper;
  const lower = k === 0 ? 0 : buckets[k - 1]![0];
  return lower + (upper - lower) * ((rank - before) / (upTo - before));
}

function quantileOfNative(native: NativeHistogram, quantile: number, count: number): number {
  const fromAbove = quantile >= 0.5;
  const buckets = fromAbove ? filledBuckets(native).reverse() : filledBuckets(native);
  const rank = (fromAbove ? 1 - quantile : quantile) * count;
  let seen = 0;
  let bucket = buckets[0]!;
  for (bucket of buckets) {
    seen += bucket.count;
    if (seen >= rank) break;
  }
  return bucket.at((fromAbove ? seen - rank : rank - (seen - bucket.count)) / bucket.count);
}

interface FilledBucket {
  readonly count: number;
  /** The value at a share (0 to 1) of the way from the bucket's lower end to its upper one. */
  at(share: number): number;
}

/** From the most negative to the largest. */
function filledBuckets({ schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogram): FilledBucket[] {
  const power = (exponent: number): number => Math.min(2 ** (exponent * 2 ** -schema), Number.MAX_VALUE);
  const below = negative.counts.map((count, k) => ({ count, at: (share: number) => -power(negative.offset + k - share) })).reverse();
  const above = positive.counts.map((count, k) => ({ count, at: (share: number) => power(positive.offset + k - 1 + share) }));
  // What counts as zero lies on one side where the other holds nothing.
  const lower = below.length === 0 && above.length > 0 ? 0 : -zeroThreshold;
  const upper = above.length === 0 && below.length > 0 ? 0 : zeroThreshold;
  const zero = { count: zeroCount, at: (share: number) => lower + (upper - lower) * share };
  return [...below, zero, ...above].filter(({ count }) => count > 0);
}
