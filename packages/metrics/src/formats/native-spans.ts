import type { NativeBuckets } from "../core/snapshot.ts";

/** A run of buckets. `offset` is the first run's index; for a later run the gap since the one before. */
export interface NativeSpan {
  readonly offset: number;
  readonly length: number;
}

/** A native histogram's side as Prometheus sends it: runs of buckets, and the counts of all runs one after the other. */
export interface NativeSpans {
  readonly spans: readonly NativeSpan[];
  readonly counts: readonly number[];
}

/** A new run costs as much as two empty buckets (client_golang cuts there too). */
const LARGEST_GAP = 2;

/** Cuts out the empty buckets at the ends and in gaps of more than two. */
export function nativeSpans({ offset, counts }: NativeBuckets): NativeSpans {
  const spans: { offset: number; length: number }[] = [];
  const kept: number[] = [];
  let end = 0; // one past the last bucket kept
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const last = spans.at(-1);
    if (last === undefined) {
      spans.push({ offset: offset + i, length: 1 });
    } else if (i - end > LARGEST_GAP) {
      spans.push({ offset: i - end, length: 1 });
    } else {
      for (let gap = end; gap < i; gap++) kept.push(0);
      last.length += i - end + 1;
    }
    kept.push(counts[i]!);
    end = i + 1;
  }
  return { spans, counts: kept };
}
