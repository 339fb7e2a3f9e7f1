/** A label's value in a row; `undefined` says that the row does not have that label (only parsers make such rows). */
export type LabelValue = string | undefined;

const EMPTY = -1;

// What the tables of metrics without labels have in common: hundreds of metrics may have none, and only one row.
const NONE: never[] = [];
const NO_ROW = Int32Array.of(EMPTY, EMPTY);
const ONLY_ROW = Int32Array.of(0, EMPTY);

/**
 * The label sets of one metric, a row each, found by value in constant time.
 *
 * Every label has a dictionary (value -> small number) and a column of those numbers; an open-addressing table over the rows' numbers finds
 * a row. No joined string key exists, so two different label sets can never meet; and a series costs no object (bench/memory).
 *
 *   dictionaries   "owlv2" -> 1, "yolo" -> 2        columns   row 0: 1 1        table   hash(1,1) -> 0
 *                  "success" -> 1, "error" -> 2               row 1: 1 2                hash(1,2) -> 1
 *
 * Rows are only ever appended: what has seen `n` rows of a table may trust them for good. Removal makes a new table.
 */
export class SeriesTable {
  readonly labelNames: readonly string[];
  /** Value to number, one Map a label. Number 0 stands for "this row has no such label" and is in no Map. */
  readonly dictionaries: readonly Map<string, number>[];
  /** Number to value, an array a label. */
  readonly texts: readonly LabelValue[][];
  columns: Uint32Array[];
  table: Int32Array;
  mask: number;
  length = 0;

  constructor(labelNames: readonly string[]) {
    this.labelNames = labelNames;
    const isBare = labelNames.length === 0;
    this.dictionaries = isBare ? NONE : labelNames.map(() => new Map());
    this.texts = isBare ? NONE : labelNames.map(() => [undefined]);
    this.columns = isBare ? NONE : labelNames.map(() => new Uint32Array(4));
    this.table = isBare ? NO_ROW : new Int32Array(8).fill(EMPTY);
    this.mask = this.table.length - 1;
  }

  /** The row with these values (in the order of `labelNames`), or -1. */
  find(values: readonly LabelValue[]): number {
    const ids: number[] = [];
    for (let k = 0; k < values.length; k++) {
      const value = values[k];
      const id = value === undefined ? 0 : this.dictionaries[k]!.get(value);
      if (id === undefined) return -1;
      ids.push(id);
    }
    return this.#probe(ids);
  }

  /** The row with these values; appended if there is none. */
  add(values: readonly LabelValue[]): number {
    const ids = values.map((value, k) => this.#id(k, value));
    const found = this.#probe(ids);
    if (found !== -1) return found;
    const row = this.length++;
    for (let k = 0; k < ids.length; k++) {
      let column = this.columns[k]!;
      if (row >= column.length) {
        const wider = new Uint32Array(grown(column.length));
        wider.set(column);
        this.columns[k] = column = wider;
      }
      column[row] = ids[k]!;
    }
    if (this.length * 3 > this.table.length * 2) this.#rehash();
    else this.#place(row);
    return row;
  }

  /** The value of label number `k` in a row. */
  value(row: number, k: number): LabelValue {
    return this.texts[k]![this.columns[k]![row]!];
  }

  /** The values of a row, in the order of `labelNames`. */
  values(row: number): LabelValue[] {
    return this.labelNames.map((_, k) => this.value(row, k));
  }

  /** A row as an object; labels that the row does not have are left out. */
  labels(row: number): Record<string, string> {
    const labels: Record<string, string> = {};
    for (let k = 0; k < this.labelNames.length; k++) {
      const value = this.value(row, k);
      // defineProperty: a label may be called __proto__ in a parsed text.
      if (value !== undefined) Object.defineProperty(labels, this.labelNames[k]!, { value, enumerable: true, writable: true, configurable: true });
    }
    return labels;
  }

  /**
   * Takes a row out and puts the last one in its place. Only for a table that nobody else has seen: see Family.remove.
   * Dictionaries keep the values; `filtered` drops them.
   */
  removeAt(row: number): void {
    if (this.labelNames.length === 0) {
      this.table = NO_ROW;
      this.length = 0;
      return;
    }
    const { columns, table, mask } = this;
    const last = this.length - 1;
    const place = (of: number): number => {
      let at = this.#hash(of) & mask;
      while (table[at] !== of) at = (at + 1) & mask;
      return at;
    };
    if (row !== last) table[place(last)] = -2 - row; // found again below, once the hole is closed
    let hole = place(row);
    for (let at = (hole + 1) & mask; table[at] !== EMPTY; at = (at + 1) & mask) {
      const held = table[at]!;
      const home = this.#hash(held < EMPTY ? last : held) & mask;
      // Move back what would no longer be reached from its home (Knuth, vol. 3, 6.4, algorithm R).
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = held;
        hole = at;
      }
    }
    table[hole] = EMPTY;
    if (row !== last) {
      for (const column of columns) column[row] = column[last]!;
      let at = this.#hash(row) & mask;
      while (table[at] !== -2 - row) at = (at + 1) & mask;
      table[at] = row;
    }
    this.length = last;
  }

  /** A new table of the rows that `keep` accepts, in their order, with dictionaries that hold only what they use. */
  filtered(keep: (row: number) => boolean): SeriesTable {
    const copy = new SeriesTable(this.labelNames);
    for (let row = 0; row < this.length; row++) if (keep(row)) copy.add(this.values(row));
    return copy;
  }

  #id(k: number, value: LabelValue): number {
    if (value === undefined) return 0;
    const dictionary = this.dictionaries[k]!;
    let id = dictionary.get(value);
    if (id === undefined) {
      const kept = ownCopy(value);
      id = this.texts[k]!.push(kept) - 1;
      dictionary.set(kept, id);
    }
    return id;
  }

  #probe(ids: readonly number[]): number {
    let at = hashOf(ids) & this.mask;
    for (;;) {
      const row = this.table[at]!;
      if (row === EMPTY) return -1;
      let k = 0;
      while (k < ids.length && this.columns[k]![row] === ids[k]) k++;
      if (k === ids.length) return row;
      at = (at + 1) & this.mask;
    }
  }

  #hash(row: number): number {
    let hash = 0;
    for (let k = 0; k < this.columns.length; k++) hash = (hash + Math.imul(this.columns[k]![row]!, hashFactor(k))) | 0;
    return hash ^ (hash >>> 15);
  }

  #place(row: number): void {
    if (this.labelNames.length === 0) {
      this.table = ONLY_ROW;
      return;
    }
    let at = this.#hash(row) & this.mask;
    while (this.table[at] !== EMPTY) at = (at + 1) & this.mask;
    this.table[at] = row;
  }

  #rehash(): void {
    this.table = new Int32Array(this.table.length * 2).fill(EMPTY);
    this.mask = this.table.length - 1;
    for (let row = 0; row < this.length; row++) this.#place(row);
  }
}

/** V8 keeps the whole text alive that a slice of 13 characters or more was cut from: a label cut from a request's body would keep the body. */
const ownCopy = (value: string): string => (value.length < 13 ? value : Object.keys({ [value]: 0 })[0]!); // a key is flat, and the same string as a literal of that text

const GOLDEN = 0x9e3779b1;
const factors: number[] = [];

/**
 * The multiplier of label number `k` in the hash: odd, so that no bits are lost, and a power of the golden ratio's, so that no small sum of label
 * numbers meets another (multiples of it do: 100 x 100 values took 21 probes each). lookup.ts writes the same arithmetic into its code.
 */
export const hashFactor = (k: number): number => (factors[k] ??= k === 0 ? GOLDEN : Math.imul(hashFactor(k - 1), GOLDEN) >>> 0);

function hashOf(ids: readonly number[]): number {
  let hash = 0;
  for (let k = 0; k < ids.length; k++) hash = (hash + Math.imul(ids[k]!, hashFactor(k))) | 0;
  return hash ^ (hash >>> 15);
}

/** The next capacity of an array that is full: twice while small, a quarter more once memory counts. */
export function grown(capacity: number): number {
  return capacity < 1024 ? capacity * 2 : capacity + (capacity >> 2);
}
