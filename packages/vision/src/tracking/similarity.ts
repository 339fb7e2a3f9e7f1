import { iou } from "../boxes.ts";
import type { Box } from "../types.ts";
import { assign } from "./assignment.ts";

/** A box with the id of who is in it. */
export interface Labelled {
  readonly id: number;
  readonly box: Box;
}

/** One frame: the ids that are there, those that the tracker says are there, and how well each pair overlaps. */
export interface Comparison {
  readonly truths: readonly number[];
  readonly tracks: readonly number[];
  /** Intersection over union, truth by truth. */
  readonly overlaps: Float64Array;
}

export function compared(truths: readonly Labelled[], tracks: readonly Labelled[]): Comparison {
  const overlaps = new Float64Array(truths.length * tracks.length);
  truths.forEach((truth, row) => {
    tracks.forEach((track, column) => {
      overlaps[row * tracks.length + column] = iou(truth.box, track.box);
    });
  });
  return { truths: truths.map(({ id }) => id), tracks: tracks.map(({ id }) => id), overlaps };
}

/** The pairs [row, column] with the greatest sum of `worth`, which is asked for pairs only once; pairs worth 0 are not made. */
export function bestPairs(rows: number, columns: number, worth: (row: number, column: number) => number): (readonly [number, number])[] {
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) values[row * columns + column] = -worth(row, column);
  const pairs: (readonly [number, number])[] = [];
  assign({ values, rows, columns }, 0).forEach((column, row) => {
    if (column !== -1) pairs.push([row, column]);
  });
  return pairs;
}
