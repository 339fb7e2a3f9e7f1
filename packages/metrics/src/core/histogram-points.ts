import { nativeRead } from "./native.ts";
import type { FamilyData } from "./snapshot.ts";

/** Where things are in a histogram's row. */
export interface HistogramLayout {
  readonly stride: number;
  /** Upper bounds of the classic buckets; undefined: none. */
  readonly bounds: readonly number[] | undefined;
  /** Where the native histogram begins; 0: there is none. */
  readonly native: number;
}

/** The rows of a histogram, as they lie in memory, in the form of a snapshot. */
export function histogramPoints(rows: Float64Array, length: number, layout: HistogramLayout): Pick<FamilyData, "values" | "bounds" | "natives"> {
  const { stride, bounds, native } = layout;
  const shape = bounds === undefined ? {} : { bounds };
  if (native === 0) return { values: rows, ...shape };
  const values = new Float64Array(length * native);
  const natives = Array.from({ length }, (_, row) => {
    values.set(rows.subarray(row * stride, row * stride + native), row * native);
    return nativeRead(rows, row * stride + native);
  });
  return { values, natives, ...shape };
}
