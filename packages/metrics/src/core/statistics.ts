import { quantileOfBuckets } from "./quantile.ts";
import type { HistogramPoint } from "./snapshot.ts";

/** What is said of a set of observations in three numbers, in the unit of the metric. */
export interface Statistics {
  readonly count: number;
  readonly sum: number;
  /** NaN without observations. */
  readonly mean: number;
}

/** The observations of one series at one moment. */
export class Distribution {
  readonly count: number;
  readonly sum: number;
  readonly #quantile: (quantile: number) => number;

  constructor(point: HistogramPoint | (Pick<HistogramPoint, "count" | "sum"> & { readonly quantile: (quantile: number) => number })) {
    this.count = point.count;
    this.sum = point.sum;
    this.#quantile = "quantile" in point ? point.quantile : (quantile) => quantileOfBuckets(point, quantile);
  }

  /** NaN without observations. */
  get mean(): number {
    return this.sum / this.count;
  }

  /**
   * The value below which the given share (0 to 1) of the observations lies. A histogram's is interpolated inside a bucket, a summary's is exact
   * to 1 % and of its window only. NaN without observations, or for a share outside 0 to 1.
   */
  quantile(quantile: number): number {
    return this.#quantile(quantile);
  }

  statistics(): Statistics {
    return { count: this.count, sum: this.sum, mean: this.mean };
  }
}
