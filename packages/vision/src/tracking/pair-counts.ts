/** Numbers by pair of ids, and by each id alone: how often a true object and a track were in the same place, and how often each was there. */
export class PairCounts {
  readonly rows: Map<number, number> = new Map();
  readonly columns: Map<number, number> = new Map();
  readonly #pairs: Map<number, Map<number, number>> = new Map();

  addRow(row: number): void {
    this.rows.set(row, (this.rows.get(row) ?? 0) + 1);
  }

  addColumn(column: number): void {
    this.columns.set(column, (this.columns.get(column) ?? 0) + 1);
  }

  addPair(row: number, column: number, amount: number): void {
    let line = this.#pairs.get(row);
    if (line === undefined) this.#pairs.set(row, (line = new Map()));
    line.set(column, (line.get(column) ?? 0) + amount);
  }

  pair(row: number, column: number): number {
    return this.#pairs.get(row)?.get(column) ?? 0;
  }

  /** Every pair that was ever counted. */
  *pairs(): Generator<readonly [row: number, column: number, amount: number]> {
    for (const [row, line] of this.#pairs) for (const [column, amount] of line) yield [row, column, amount];
  }
}
