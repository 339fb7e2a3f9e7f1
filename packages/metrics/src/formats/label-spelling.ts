import type { SeriesTable } from "../core/series-table.ts";
import type { FamilySnapshot } from "../core/snapshot.ts";

/**
 * A family's label pairs in the spelling of a format (text or bytes). Each value is spelt once, however many rows have it: escaping was
 * half the cost of a line.
 */
export class LabelSpelling<T> {
  readonly constants: readonly T[];
  readonly count: number;
  readonly #table: SeriesTable;
  readonly #spell: (name: string, value: string) => T;
  readonly #spelt: (T | undefined)[][];

  constructor(family: FamilySnapshot, spell: (name: string, value: string) => T) {
    this.constants = family.constants.map(([name, value]) => spell(name, value));
    this.count = family.table.labelNames.length;
    this.#table = family.table;
    this.#spell = spell;
    this.#spelt = family.table.labelNames.map(() => []);
  }

  /** Label number `k` of a row; undefined where the row does not have it. */
  pair(row: number, k: number): T | undefined {
    const id = this.#table.columns[k]![row]!;
    if (id === 0) return undefined;
    const spelt = this.#spelt[k]!;
    let pair = spelt[id];
    if (pair === undefined) spelt[id] = pair = this.#spell(this.#table.labelNames[k]!, this.#table.value(row, k)!);
    return pair;
  }
}

/** A row's labels in one text: pairs joined by commas, constant ones first, without braces. */
export function labelText(spelling: LabelSpelling<string>, row: number): string {
  let text = "";
  for (const pair of spelling.constants) text = text === "" ? pair : `${text},${pair}`;
  for (let k = 0; k < spelling.count; k++) {
    const pair = spelling.pair(row, k);
    if (pair !== undefined) text = text === "" ? pair : `${text},${pair}`;
  }
  return text;
}
