/** Costs of `rows` x `columns` pairs, row by row. */
export interface Costs {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Pairs rows with columns, each at most once, at the least total cost, where a pair left out costs `limit`: so no pair that costs `limit`
 * or more is made. Returns the column of each row, or -1.
 *
 * Shortest augmenting paths with potentials: R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
 * assignment problems", Computing 38 (1987); O(n^2 m) for the smaller side n.
 *
 * @example
 * assign({ values: Float64Array.of(1, 2, 2, 9), rows: 2, columns: 2 }, 10); // [1, 0]: 2 + 2 is less than 1 + 9
 */
export function assign(costs: Costs, limit: number): Int32Array {
  const pairs = new Int32Array(costs.rows).fill(-1);
  if (costs.rows === 0 || costs.columns === 0) return pairs;
  const flipped = costs.rows > costs.columns;
  const solver = new Solver(costs, limit, flipped);
  solver.solve();
  for (let column = 1; column <= solver.wide; column++) {
    const row = solver.rowOf[column]!;
    if (row === 0 || solver.cost(row, column) >= limit) continue;
    if (flipped) pairs[column - 1] = row - 1;
    else pairs[row - 1] = column - 1;
  }
  return pairs;
}

/** Rows and columns count from 1 here; 0 means none. There are at most as many rows as columns. */
class Solver {
  readonly wide: number;
  /** The row that has each column. */
  readonly rowOf: Int32Array;
  readonly #tall: number;
  readonly #values: Float64Array;
  readonly #rowStep: number;
  readonly #columnStep: number;
  readonly #limit: number;
  readonly #rowPotential: Float64Array;
  readonly #columnPotential: Float64Array;
  readonly #cameFrom: Int32Array;
  readonly #distance: Float64Array;
  readonly #done: Uint8Array;

  constructor({ values, rows, columns }: Costs, limit: number, flipped: boolean) {
    this.#tall = flipped ? columns : rows;
    this.wide = flipped ? rows : columns;
    this.#values = values;
    this.#rowStep = flipped ? 1 : columns;
    this.#columnStep = flipped ? columns : 1;
    this.#limit = limit;
    this.rowOf = new Int32Array(this.wide + 1);
    this.#rowPotential = new Float64Array(this.#tall + 1);
    this.#columnPotential = new Float64Array(this.wide + 1);
    this.#cameFrom = new Int32Array(this.wide + 1);
    this.#distance = new Float64Array(this.wide + 1);
    this.#done = new Uint8Array(this.wide + 1);
  }

  cost(row: number, column: number): number {
    const value = this.#values[(row - 1) * this.#rowStep + (column - 1) * this.#columnStep]!;
    return value < this.#limit ? value : this.#limit; // NaN too
  }

  solve(): void {
    for (let row = 1; row <= this.#tall; row++) {
      let column = this.#pathFrom(row);
      // Along the path, every column goes to the row before it.
      while (column !== 0) {
        const before = this.#cameFrom[column]!;
        this.rowOf[column] = this.rowOf[before]!;
        column = before;
      }
    }
  }

  /** Extends a tree of cheapest paths from a row until it reaches a free column, and returns that. Column 0 stands for the start. */
  #pathFrom(start: number): number {
    const [rowOf, distance, done] = [this.rowOf, this.#distance.fill(Number.POSITIVE_INFINITY), this.#done.fill(0)];
    rowOf[0] = start;
    let column = 0;
    while (rowOf[column] !== 0) {
      done[column] = 1;
      const row = rowOf[column]!;
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let next = 1; next <= this.wide; next++) {
        if (done[next] === 1) continue;
        const reduced = this.cost(row, next) - this.#rowPotential[row]! - this.#columnPotential[next]!;
        if (reduced < distance[next]!) {
          distance[next] = reduced;
          this.#cameFrom[next] = column;
        }
        if (distance[next]! < least) {
          least = distance[next]!;
          nearest = next;
        }
      }
      for (let next = 0; next <= this.wide; next++) {
        if (done[next] === 1) {
          this.#rowPotential[rowOf[next]!]! += least;
          this.#columnPotential[next]! -= least;
        } else distance[next]! -= least;
      }
      column = nearest;
    }
    return column;
  }
}
