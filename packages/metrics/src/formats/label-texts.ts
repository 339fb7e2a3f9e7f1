import type { SeriesTable } from "../core/series-table.ts";
import type { FamilySnapshot } from "../core/snapshot.ts";

/**
 * Turns the label sets of a family into text: pairs as `pair` spells them, joined by commas, constant ones first, without braces. Each
 * value is spelt and escaped once, however many rows have it.
 */
export class LabelTexts {
  readonly #table: SeriesTable;
  readonly #pair: (name: string, value: string) => string;
  readonly #constants: string;
  readonly #spelt: (string | undefined)[][];

  constructor(family: FamilySnapshot, pair: (name: string, value: string) => string) {
    this.#table = family.table;
    this.#pair = pair;
    this.#constants = family.constants.map(([name, value]) => pair(name, value)).join(",");
    this.#spelt = family.table.labelNames.map(() => []);
  }

  of(row: number): string {
    const { columns, labelNames } = this.#table;
    let text = this.#constants;
    for (let k = 0; k < columns.length; k++) {
      const id = columns[k]![row]!;
      if (id === 0) continue; // the row does not have this label
      const spelt = this.#spelt[k]!;
      let pair = spelt[id];
      if (pair === undefined) spelt[id] = pair = this.#pair(labelNames[k]!, this.#table.value(row, k)!);
      text = text === "" ? pair : `${text},${pair}`;
    }
    return text;
  }
}
