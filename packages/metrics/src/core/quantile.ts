import type { HistogramPoint, NativeHistogram } from "./snapshot.ts";

/**
 * A quantile (0 to 1) estimated from a histogram, by the rules of PromQL's histogram_quantile: linear inside a classic bucket, with 0 as the
 * lower end of the first where its bound is positive, and the highest finite bound for what lies in +Inf; exponential inside a native bucket
 * (Prometheus 3's interpolation). NaN for an empty histogram or a quantile outside 0 to 1.
 */
export function quantileOfBuckets(point: HistogramPoint, quantile: number): number {
  if (!(quantile >= 0 && quantile <= 1) || !(point.count > 0)) return Number.NaN;
  if (point.buckets.length === 0) return point.native === undefined ? Number.NaN : quantileOfNative(point.native, quantile, point.count);
  const rank = quantile * point.count;
  const { buckets } = point;
  let k = 0;
  while (k < buckets.length - 1 && buckets[k]![1] < rank) k++;
  const [upper, upTo] = buckets[k]!;
  if (upper === Number.POSITIVE_INFINITY) return k === 0 ? Number.NaN : buckets[k - 1]![0];
  const before = k === 0 ? 0 : buckets[k - 1]![1];
  if (k === 0 && upper <= 0) return upper;
  const lower = k === 0 ? 0 : buckets[k - 1]![0];
  const inBucket = upTo - before;
  return inBucket === 0 ? upper : lower + (upper - lower) * ((rank - before) / inBucket);
}

function quantileOfNative(native: NativeHistogram, quantile: number, count: number): number {
  const base = 2 ** (2 ** -native.schema);
  let left = quantile * count;
  const negative = native.negative;
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    const inBucket = negative.counts[i]!;
    // The bucket's far end first: the most negative value comes first in rank.
    if (inBucket > 0 && left <= inBucket) return -(base ** (negative.offset + i - left / inBucket));
    left -= inBucket;
  }
  if (native.zeroCount > 0 && left <= native.zeroCount) {
    const low = negative.counts.length > 0 ? -native.zeroThreshold : 0;
    const high = native.positive.counts.length > 0 ? native.zeroThreshold : 0;
    return low + (high - low) * (left / native.zeroCount);
  }
  left -= native.zeroCount;
  const { offset, counts } = native.positive;
  for (let i = 0; i < counts.length; i++) {
    const inBucket = counts[i]!;
    if (inBucket > 0 && left <= inBucket) return base ** (offset + i - 1 + left / inBucket);
    left -= inBucket;
  }
  return counts.length > 0 ? base ** (offset + counts.length - 1) : -(base ** (negative.offset - 1));
}
