import type { Exemplar, FamilySnapshot } from "../core/snapshot.ts";

/**
 * A row's exemplars laid to the classic buckets that their values fall in; of several in one bucket the last. A bucket that the row does
 * not have (NaN) gives its exemplar to the next one, as it gives its observations.
 */
export function exemplarsOfBuckets(family: FamilySnapshot, row: number, exemplars: readonly Exemplar[]): (Exemplar | undefined)[] {
  const bounds = family.bounds ?? [];
  const ofBuckets: (Exemplar | undefined)[] = new Array(bounds.length + 1).fill(undefined);
  for (const exemplar of exemplars) {
    let k = 0;
    // Written so that NaN ends in the last bucket.
    while (k < bounds.length && (!(exemplar.value <= bounds[k]!) || Number.isNaN(family.values[row * family.stride + k]!))) k++;
    ofBuckets[k] = exemplar;
  }
  return ofBuckets;
}
