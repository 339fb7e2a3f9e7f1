import { BLOCK_VALUES, CELL, type HogFeatures } from "./hog-features.ts";

/** The window that the detector looks through, pixels. A person in it is about WINDOW_HEIGHT - 2 * WINDOW_MARGIN tall. */
export const WINDOW_WIDTH = 64;
export const WINDOW_HEIGHT = 128;
export const WINDOW_MARGIN = 16;
/** Blocks across and down a window. */
const COLUMNS = WINDOW_WIDTH / CELL - 1;
const ROWS = WINDOW_HEIGHT / CELL - 1;
const COLUMN_VALUES = ROWS * BLOCK_VALUES;
/** Numbers that describe a window: 3780. */
export const WINDOW_VALUES: number = COLUMNS * COLUMN_VALUES;

/** Score of the window whose upper left block is (column, row): the distance from the separating plane, positive on the side of the people. */
export function windowScore(
  features: HogFeatures,
  weights: Float32Array,
  { column, row }: { readonly column: number; readonly row: number },
): number {
  const { blocks, rows } = features;
  let first = weights[WINDOW_VALUES]!;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let across = 0, weight = 0; across < COLUMNS; across++) {
    let at = ((column + across) * rows + row) * BLOCK_VALUES;
    for (const end = weight + COLUMN_VALUES; weight < end; weight += 4, at += 4) {
      first += weights[weight]! * blocks[at]!;
      second += weights[weight + 1]! * blocks[at + 1]!;
      third += weights[weight + 2]! * blocks[at + 2]!;
      fourth += weights[weight + 3]! * blocks[at + 3]!;
    }
  }
  return first + second + third + fourth;
}

/** How many windows fit across and down, one cell apart. */
export function windowsIn({ columns, rows }: HogFeatures): { readonly across: number; readonly down: number } {
  return { across: columns - COLUMNS + 1, down: rows - ROWS + 1 };
}
