import { InferometerError } from "./errors.ts";
import { nativeAt } from "./native.ts";
import { type LabelValue, SeriesTable } from "./series-table.ts";
import {
  type Exemplar,
  type FamilyData,
  FamilySnapshot,
  isHistogram,
  type MergeRule,
  type MetricType,
  type NativeBuckets,
  type NativeHistogram,
  nativeCount,
  Snapshot,
} from "./snapshot.ts";

/**
 * Adds snapshots up: of threads, processes or instances. Counters and histograms add; gauges follow their rule; a state holds if one says so;
 * a summary's count and sum add, its quantiles are NaN where more than one has the series, since quantiles cannot be added. Histograms whose
 * bounds differ keep the bounds they share, which is exact; native buckets are kept where all have them. Constant labels become labels of the series.
 * Throws MERGE_CONFLICT when a name has different types.
 *
 * @example
 * merge(own, other).value("frames_total", { model: "owlv2" });
 */
export function merge(...snapshots: readonly Snapshot[]): Snapshot {
  return new Merger().merge(snapshots);
}

/** A `merge` that is done again and again over the same sources: it remembers which row goes where, so that only numbers are added. */
export class Merger {
  #families: Map<string, MergedRows> = new Map();

  merge(snapshots: readonly Snapshot[]): Snapshot {
    const parts = new Map<string, Part[]>();
    snapshots.forEach((snapshot) => {
      for (const family of snapshot) {
        const same = parts.get(family.name);
        if (same === undefined) parts.set(family.name, [{ family, timestamp: snapshot.timestamp }]);
        else same.push({ family, timestamp: snapshot.timestamp });
      }
    });
    const before = this.#families;
    this.#families = new Map();
    const families: FamilySnapshot[] = [];
    for (const [name, same] of parts) {
      const first = same[0]!.family;
      if (same.length === 1) {
        families.push(first);
        continue;
      }
      for (const { family } of same) {
        if (family.type !== first.type)
          throw new InferometerError(
            "MERGE_CONFLICT",
            `${name} is a ${first.type} in one snapshot and a ${family.type} in another. Rename one of them.`,
          );
      }
      const labelNames = [...new Set(same.flatMap(({ family }) => family.labelNames))];
      let rows = before.get(name);
      if (rows === undefined || rows.table.labelNames.join() !== labelNames.join()) rows = new MergedRows(labelNames);
      let merged = added(same, rows);
      if (merged === undefined) {
        // A series is in no source any more: begin anew, so that it goes.
        rows = new MergedRows(labelNames);
        merged = added(same, rows)!;
      }
      this.#families.set(name, rows);
      families.push(merged);
    }
    return new Snapshot(families, Math.max(0, ...snapshots.map((snapshot) => snapshot.timestamp)));
  }
}

interface Part {
  readonly family: FamilySnapshot;
  readonly timestamp: number;
}

/** Which row of the merged table each row of each source's table is. */
class MergedRows {
  readonly table: SeriesTable;
  readonly #maps: WeakMap<SeriesTable, { rows: Int32Array; done: number }> = new WeakMap();

  constructor(labelNames: readonly string[]) {
    this.table = new SeriesTable(labelNames);
  }

  of(family: FamilySnapshot): Int32Array {
    let map = this.#maps.get(family.table);
    if (map === undefined) this.#maps.set(family.table, (map = { rows: new Int32Array(family.length), done: 0 }));
    if (map.rows.length < family.length) {
      const wider = new Int32Array(family.length * 2);
      wider.set(map.rows);
      map.rows = wider;
    }
    const places = this.table.labelNames.map((name) => family.table.labelNames.indexOf(name));
    const constants = new Map(family.constants);
    for (; map.done < family.length; map.done++) {
      const row = map.done;
      const values: LabelValue[] = places.map((k, at) => (k === -1 ? constants.get(this.table.labelNames[at]!) : family.table.value(row, k)));
      map.rows[row] = this.table.add(values);
    }
    return map.rows;
  }
}

/** The sum of some parts; undefined if a row of the table got nothing. */
function added(parts: readonly Part[], merged: MergedRows): FamilySnapshot | undefined {
  const first = parts[0]!.family;
  const maps = parts.map(({ family }) => merged.of(family));
  const { length } = merged.table;
  const bounds = sharedBounds(parts);
  const quantiles = first.type === "summary" ? [...new Set(parts.flatMap(({ family }) => family.quantiles ?? []))].sort((a, b) => a - b) : undefined;
  const stride = isHistogram(first.type)
    ? bounds === undefined
      ? 1
      : bounds.length + 2
    : 2 * Number(first.type === "summary") + (quantiles?.length ?? 1);
  const values = new Float64Array(length * stride);
  const seen = new Uint32Array(length);
  const newest = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  const created = new Float64Array(length).fill(Number.NaN);
  const natives: (NativeHistogram | undefined)[] = [];
  const exemplars = new Map<number, Exemplar[]>();
  parts.forEach(({ family, timestamp }, p) => {
    const map = maps[p]!;
    const cellOf = isHistogram(first.type) ? bucketPlaces(family, bounds) : undefined;
    for (let row = 0; row < family.length; row++) {
      const to = map[row]!;
      const from = row * family.stride;
      const at = to * stride;
      if (cellOf !== undefined) {
        const native = family.natives?.[row];
        const held = natives[to];
        natives[to] = seen[to] === 0 ? native : held === undefined || native === undefined ? undefined : addedNative(held, native);
        if (family.bounds === undefined && bounds !== undefined) {
          values[at + bounds.length]! += native === undefined ? 0 : nativeCount(native);
          values[at + bounds.length + 1]! += family.values[from]!;
        } else addHistogram(family, from, { values, at, cellOf });
      } else if (quantiles !== undefined) addSummary({ family, from, values, at, quantiles, first: seen[to] === 0 });
      else values[at] = combined(values[at]!, family.values[from]!, { rule: ruleOf(first), first: seen[to] === 0, newer: timestamp >= newest[to]! });
      const birth = family.created?.[row] ?? Number.NaN;
      if (!(birth >= created[to]!)) created[to] = Number.isNaN(birth) ? created[to]! : birth;
      const own = family.exemplars?.get(row);
      if (own !== undefined) exemplars.set(to, [...(exemplars.get(to) ?? []), ...own]);
      newest[to] = Math.max(newest[to]!, timestamp);
      seen[to]!++;
    }
  });
  for (let row = 0; row < length; row++) {
    if (seen[row] === 0) return undefined;
    if (ruled(first.type) && first.rule === "mean") values[row]! /= seen[row]!;
  }
  const data: FamilyData = {
    name: first.name,
    type: first.type,
    help: first.help,
    unit: first.unit,
    rule: first.rule,
    table: merged.table,
    length,
    values,
    created,
    ...(bounds === undefined ? {} : { bounds }),
    ...(quantiles === undefined ? {} : { quantiles }),
    ...(natives.every((native) => native === undefined) ? {} : { natives: Array.from({ length }, (_, row) => natives[row]) }),
    ...(exemplars.size === 0 ? {} : { exemplars }),
  };
  return new FamilySnapshot(data);
}

const ruled = (type: MetricType): boolean => type === "gauge" || type === "unknown";

function ruleOf(family: FamilySnapshot): MergeRule {
  if (ruled(family.type)) return family.rule;
  return family.type === "info" || family.type === "stateset" ? "max" : "sum";
}

function combined(held: number, value: number, how: { readonly rule: MergeRule; readonly first: boolean; readonly newer: boolean }): number {
  if (how.first) return value;
  if (how.rule === "min") return Math.min(held, value);
  if (how.rule === "max") return Math.max(held, value);
  if (how.rule === "last") return how.newer ? value : held;
  return held + value;
}

/** A bucket that either side lacks (NaN: a parsed row) is lacking in the sum, and what it holds is counted in the next. */
function addHistogram(
  family: FamilySnapshot,
  from: number,
  into: { readonly values: Float64Array; readonly at: number; readonly cellOf: Int32Array },
): void {
  const { values, at, cellOf } = into;
  const last = cellOf.length - 1; // the sum
  let carried = 0;
  for (let k = 0; k < last; k++) {
    const place = cellOf[k]!;
    if (place === -1) continue;
    const value = family.values[from + k]!;
    if (cellOf[k + 1] === place) {
      carried += Number.isNaN(value) ? 0 : value; // a bound that is not shared
      continue;
    }
    const held = values[at + place]!;
    if (Number.isNaN(value) || Number.isNaN(held)) {
      carried += (Number.isNaN(value) ? 0 : value) + (Number.isNaN(held) ? 0 : held);
      values[at + place] = Number.NaN;
    } else {
      values[at + place] = held + value + carried;
      carried = 0;
    }
  }
  values[at + cellOf[last]!]! += family.values[from + last]!;
}

function addSummary(step: {
  family: FamilySnapshot;
  from: number;
  values: Float64Array;
  at: number;
  quantiles: readonly number[];
  first: boolean;
}): void {
  const { family, from, values, at, quantiles, first } = step;
  values[at]! += family.values[from]!;
  values[at + 1]! += family.values[from + 1]!;
  quantiles.forEach((quantile, k) => {
    const own = family.quantiles?.indexOf(quantile) ?? -1;
    values[at + 2 + k] = first && own !== -1 ? family.values[from + 2 + own]! : Number.NaN;
  });
}

/** The bounds that all parts have; undefined: no classic buckets. Where one is native only and another classic only, +Inf alone is shared. */
function sharedBounds(parts: readonly Part[]): readonly number[] | undefined {
  const all = parts.flatMap(({ family }) => (family.bounds === undefined ? [] : [family.bounds]));
  if (all.length < parts.length) return parts.every(({ family }) => isNative(family)) ? undefined : [];
  return all.reduce((shared, bounds) => (shared === bounds ? shared : shared.filter((bound) => bounds.includes(bound))));
}

const isNative = (family: FamilySnapshot): boolean => family.natives?.every((native) => native !== undefined) ?? false;

/** For each number of a histogram's row the place it is added to: a bucket goes to the next bound that is kept, the sum is last. */
function bucketPlaces(family: FamilySnapshot, bounds: readonly number[] | undefined): Int32Array {
  if (bounds === undefined) return Int32Array.from(family.bounds === undefined ? [0] : [...family.bounds.map(() => -1), -1, 0]);
  const places = (family.bounds ?? []).map((bound) => {
    const place = bounds.findIndex((kept) => kept >= bound);
    return place === -1 ? bounds.length : place;
  });
  return Int32Array.from([...places, bounds.length, bounds.length + 1]);
}

function addedNative(a: NativeHistogram, b: NativeHistogram): NativeHistogram {
  const schema = Math.min(a.schema, b.schema);
  const zeroThreshold = Math.max(a.zeroThreshold, b.zeroThreshold);
  const [x, y] = [nativeAt(schema, a), nativeAt(schema, b)].map((native) => widerZero(native, zeroThreshold)) as [NativeHistogram, NativeHistogram];
  const side = (p: NativeBuckets, q: NativeBuckets): NativeBuckets => {
    if (p.counts.length === 0) return q;
    if (q.counts.length === 0) return p;
    const offset = Math.min(p.offset, q.offset);
    const end = Math.max(p.offset + p.counts.length, q.offset + q.counts.length);
    const at = ({ offset: start, counts }: NativeBuckets, index: number): number => counts[index - start] ?? 0;
    return { offset, counts: Array.from({ length: end - offset }, (_, k) => at(p, offset + k) + at(q, offset + k)) };
  };
  return {
    schema,
    zeroThreshold,
    zeroCount: x.zeroCount + y.zeroCount,
    positive: side(x.positive, y.positive),
    negative: side(x.negative, y.negative),
  };
}

/** Counts the buckets that end inside a wider zero bucket as zero. */
function widerZero(native: NativeHistogram, zeroThreshold: number): NativeHistogram {
  if (native.zeroThreshold === zeroThreshold) return native;
  let { zeroCount } = native;
  const side = ({ offset, counts }: NativeBuckets): NativeBuckets => {
    let from = 0;
    while (from < counts.length && 2 ** ((offset + from) * 2 ** -native.schema) <= zeroThreshold) zeroCount += counts[from++]!;
    return { offset: offset + from, counts: counts.slice(from) };
  };
  const [positive, negative] = [side(native.positive), side(native.negative)];
  return { ...native, zeroThreshold, zeroCount, positive, negative };
}
