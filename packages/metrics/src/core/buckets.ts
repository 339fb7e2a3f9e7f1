import { InferometerError, shown } from "./errors.ts";

/** Seconds: from a fast cache hit to a slow request; holds 10, 25, 50, 100, 250 and 500 ms, the usual objectives. */
export const latencyBuckets: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Bytes: 256 B to 64 MiB, a factor of 4 each. */
export const byteBuckets: readonly number[] = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/** Shares from 0 to 1, finer towards 1: confidence, hit rates, utilisation. */
export const ratioBuckets: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** A histogram's stride must fit into one slab of values with room to spare. */
export const MAX_BUCKETS = 1000;

/**
 * `count` bounds, `width` apart, the first at `start`. Throws BUCKETS_INVALID.
 *
 * @example
 * linearBuckets(10, 5, 3); // [10, 15, 20]
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  if (!Number.isFinite(start)) throw invalid(`start is ${shown(start)}; give a finite number`);
  if (!(width > 0 && width < Number.POSITIVE_INFINITY)) throw invalid(`width is ${shown(width)}; give a positive number`);
  return checkedBuckets(Array.from({ length: checkedCount(count) }, (_, k) => start + k * width));
}

/**
 * `count` bounds, each `factor` times the one before, the first at `start`. Throws BUCKETS_INVALID.
 *
 * @example
 * exponentialBuckets(0.001, 2, 4); // [0.001, 0.002, 0.004, 0.008]
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  if (!(start > 0 && start < Number.POSITIVE_INFINITY)) throw invalid(`start is ${shown(start)}; give a positive number`);
  if (!(factor > 1 && factor < Number.POSITIVE_INFINITY)) throw invalid(`factor is ${shown(factor)}; give a number above 1`);
  return checkedBuckets(Array.from({ length: checkedCount(count) }, (_, k) => start * factor ** k));
}

/** A sorted copy is never made: bounds out of order are a mistake to be seen. Drops a last +Inf, which every histogram has anyway. */
export function checkedBuckets(bounds: readonly number[]): number[] {
  if (!Array.isArray(bounds)) throw invalid(`they are ${shown(bounds)}; give an array of numbers, such as latencyBuckets`);
  const copy = [...bounds] as number[];
  if (copy.at(-1) === Number.POSITIVE_INFINITY) copy.pop();
  if (copy.length === 0) throw invalid("there are none; give at least one finite upper bound");
  if (copy.length > MAX_BUCKETS) throw invalid(`there are ${copy.length}, more than ${MAX_BUCKETS}; use a native histogram for so fine a resolution`);
  copy.forEach((bound, k) => {
    if (typeof bound !== "number" || !Number.isFinite(bound)) throw invalid(`bound ${k} is ${shown(bound)}; every bound must be a finite number`);
    if (k > 0 && bound <= copy[k - 1]!)
      throw invalid(`bound ${k} is ${bound}, not above ${copy[k - 1]} before it; list upper bounds in ascending order, each once`);
  });
  return copy;
}

function checkedCount(count: number): number {
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_BUCKETS))
    throw invalid(`count is ${shown(count)}; give a whole number from 1 to ${MAX_BUCKETS}`);
  return count;
}

const invalid = (what: string): InferometerError => new InferometerError("BUCKETS_INVALID", `The buckets are not usable: ${what}.`);
