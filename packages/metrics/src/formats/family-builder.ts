import { InferometerError } from "../core/errors.ts";
import { SeriesTable } from "../core/series-table.ts";
import {
  type Exemplar,
  type FamilyData,
  FamilySnapshot,
  isHistogram,
  type MergeRule,
  type MetricType,
  type NativeHistogram,
} from "../core/snapshot.ts";

export type LabelPair = readonly [name: string, value: string];

/** A series that a parser is reading; undefined: not seen yet. */
export interface Row {
  readonly labels: readonly LabelPair[];
  value?: number | undefined;
  sum?: number | undefined;
  count?: number | undefined;
  created?: number | undefined;
  timestamp?: number | undefined;
  /** Upper bound to cumulative count. */
  buckets?: Map<number, number> | undefined;
  quantiles?: Map<number, number> | undefined;
  exemplars?: Exemplar[] | undefined;
  native?: NativeHistogram | undefined;
}

/**
 * The table of a family is as wide as all its label names (or buckets) together, so a few megabytes of text in which every row brings a
 * name of its own could ask for terabytes. Honest families are far below: a million rows of ten labels are a third of this.
 */
const MAX_CELLS = 2 ** 25;

/** Collects the series of one metric as a parser meets them, and makes a FamilySnapshot of them. */
export class FamilyBuilder {
  readonly name: string;
  type: MetricType;
  help = "";
  unit = "";
  rule: MergeRule = "sum";
  readonly #rows = new Map<string, Row>();

  constructor(name: string, type: MetricType) {
    this.name = name;
    this.type = type;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row with these labels, in whatever order they come; a new one if there is none. `key` is their `labelKey`. */
  row(labels: readonly LabelPair[], key: string = labelKey(labels)): Row {
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = { labels }));
    return row;
  }

  /** Throws PARSE_ERROR for a family whose series have too little in common to be held in one table. */
  build(): FamilySnapshot {
    const rows = [...this.#rows.values()];
    const data: FamilyData = {
      name: this.name,
      type: this.type,
      help: this.help,
      unit: this.unit,
      rule: this.rule,
      table: this.#table(rows),
      length: rows.length,
      ...this.#values(rows),
      ...sparse("created", rows),
      ...sparse("timestamps", rows, "timestamp"),
      ...exemplarsOf(rows),
    };
    return new FamilySnapshot(data);
  }

  #table(rows: readonly Row[]): SeriesTable {
    const places = new Map<string, number>();
    for (const { labels } of rows) for (const [name] of labels) if (!places.has(name)) places.set(name, places.size);
    this.#checkSize(rows.length * places.size, "label names");
    const table = new SeriesTable([...places.keys()]);
    for (const { labels } of rows) {
      const values: (string | undefined)[] = new Array(places.size).fill(undefined);
      for (const [name, value] of labels) values[places.get(name)!] = value;
      table.add(values);
    }
    return table;
  }

  #values(rows: readonly Row[]): Pick<FamilyData, "values" | "bounds" | "quantiles" | "natives"> {
    if (isHistogram(this.type)) return this.#histograms(rows);
    if (this.type === "summary") return this.#summaries(rows);
    return { values: Float64Array.from(rows, ({ value }) => value ?? Number.NaN) };
  }

  #histograms(rows: readonly Row[]): Pick<FamilyData, "values" | "bounds" | "natives"> {
    const natives = rows.some(({ native }) => native !== undefined) ? { natives: rows.map(({ native }) => native) } : {};
    const nativeOnly = "natives" in natives && rows.every(({ buckets }) => buckets === undefined);
    if (nativeOnly) return { ...natives, values: Float64Array.from(rows, ({ sum }) => sum ?? Number.NaN) };
    const bounds = ascending(rows, "buckets").filter((bound) => bound !== Number.POSITIVE_INFINITY);
    const stride = bounds.length + 2;
    this.#checkSize(rows.length * stride, "buckets");
    const values = new Float64Array(rows.length * stride).fill(Number.NaN);
    rows.forEach(({ buckets, count, sum }, row) => {
      let below = 0;
      for (let k = 0; k < bounds.length; k++) {
        const upTo = buckets?.get(bounds[k]!);
        if (upTo === undefined) continue;
        values[row * stride + k] = upTo - below;
        below = upTo;
      }
      values[row * stride + bounds.length] = (buckets?.get(Number.POSITIVE_INFINITY) ?? count ?? below) - below;
      values[row * stride + bounds.length + 1] = sum ?? Number.NaN;
    });
    return { ...natives, values, bounds };
  }

  #summaries(rows: readonly Row[]): Pick<FamilyData, "values" | "quantiles"> {
    const quantiles = ascending(rows, "quantiles");
    const stride = quantiles.length + 2;
    this.#checkSize(rows.length * stride, "quantiles");
    const values = new Float64Array(rows.length * stride).fill(Number.NaN);
    rows.forEach((row, at) => {
      values[at * stride] = row.count ?? Number.NaN;
      values[at * stride + 1] = row.sum ?? Number.NaN;
      quantiles.forEach((quantile, k) => {
        values[at * stride + 2 + k] = row.quantiles?.get(quantile) ?? Number.NaN;
      });
    });
    return { values, quantiles };
  }

  #checkSize(cells: number, what: string): void {
    if (cells <= MAX_CELLS) return;
    throw new InferometerError(
      "PARSE_ERROR",
      `${this.name} has ${this.size} series with too many different ${what} (${cells} places, at most ${MAX_CELLS}). Give its series the same ${what}.`,
    );
  }
}

/** The same text for the same label set in any order, and for no other: each value stands behind its length. */
export function labelKey(labels: readonly LabelPair[]): string {
  let key = "";
  for (const [name, value] of inOrder(labels)) key += `${name}=${value.length}:${value}`;
  return key;
}

function inOrder(labels: readonly LabelPair[]): readonly LabelPair[] {
  for (let k = 1; k < labels.length; k++) if (labels[k]![0] < labels[k - 1]![0]) return labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return labels;
}

function ascending(rows: readonly Row[], part: "buckets" | "quantiles"): number[] {
  const seen = new Set<number>();
  for (const row of rows) for (const key of row[part]?.keys() ?? []) seen.add(key);
  return [...seen].sort((a, b) => a - b);
}

/** A column that is left out when no row has it. */
function sparse(name: "created" | "timestamps", rows: readonly Row[], part: "created" | "timestamp" = "created"): Partial<FamilyData> {
  if (rows.every((row) => row[part] === undefined)) return {};
  return { [name]: Float64Array.from(rows, (row) => row[part] ?? Number.NaN) };
}

function exemplarsOf(rows: readonly Row[]): Partial<FamilyData> {
  const exemplars = new Map<number, readonly Exemplar[]>();
  rows.forEach((row, at) => {
    if (row.exemplars !== undefined) exemplars.set(at, row.exemplars);
  });
  return exemplars.size === 0 ? {} : { exemplars };
}
