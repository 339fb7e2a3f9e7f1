import type { Exemplar, FamilySnapshot } from "../core/snapshot.ts";

/**
 * A row's exemplars by the upper bound of the classic bucket that their value falls in; of several in one bucket the last. A bucket that
 * the row does not have (NaN) leaves its exemplars to the next one.
 */
export function exemplarsOfBuckets(family: FamilySnapshot, row: number, exemplars: readonly Exemplar[]): ReadonlyMap<number, Exemplar> {
  const bounds = family.bounds ?? [];
  const ofBuckets = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    // `<=` is false for NaN, which thus ends in +Inf, as the observation did.
    const k = bounds.findIndex((bound, at) => exemplar.value <= bound && !Number.isNaN(family.values[row * family.stride + at]!));
    ofBuckets.set(bounds[k] ?? Number.POSITIVE_INFINITY, exemplar);
  }
  return ofBuckets;
}
