import { InferometerError, shown } from "../core/errors.ts";
import { type Exemplar, isHistogram, type MergeRule, type MetricType, type NativeBuckets, type NativeHistogram, Snapshot } from "../core/snapshot.ts";
import { FamilyBuilder, type LabelPair, type Row } from "./family-builder.ts";
import { readNumber } from "./number-text.ts";

const TYPES: readonly MetricType[] = ["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"];
const RULES: readonly MergeRule[] = ["sum", "min", "max", "mean", "last"];
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const UNIT = /^[a-zA-Z0-9_:]*$/;

/**
 * Reads what the JSON format writes and gives the same snapshot back. Its time is the newest of the samples that are not marked as
 * `timestamped`; others keep their own.
 *
 * Throws PARSE_ERROR with the place in the document, what was seen there and what was expected.
 *
 * @example
 * parseJson(await (await fetch("http://127.0.0.1:9090/metrics.json")).text()).value("fps");
 */
export function parseJson(text: string): Snapshot {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InferometerError("PARSE_ERROR", `This is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  const times = new Times();
  const families = Object.entries(objectAt(document, "the document")).map(([name, family]) => readFamily(name, objectAt(family, name), times));
  const timestamp = times.settle();
  return new Snapshot(
    families.map((family) => family.build()),
    timestamp,
  );
}

/** Tells the snapshot's time from the samples' own. */
class Times {
  readonly #unmarked = new Map<Row, number>();

  add(row: Row, timestamp: number | undefined, own: boolean): void {
    if (timestamp === undefined) return;
    if (own) row.timestamp = timestamp;
    else this.#unmarked.set(row, timestamp);
  }

  settle(): number {
    let newest = Number.NEGATIVE_INFINITY;
    for (const timestamp of this.#unmarked.values()) newest = Math.max(newest, timestamp);
    for (const [row, timestamp] of this.#unmarked) if (timestamp !== newest) row.timestamp = timestamp;
    return this.#unmarked.size === 0 ? 0 : newest;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function readFamily(name: string, fields: Fields, times: Times): FamilyBuilder {
  if (!METRIC_NAME.test(name)) fail("the document", name, "metric names (letters, digits, _ and :, no digit first) as keys");
  const family = new FamilyBuilder(name, oneOf(fields.type, TYPES, `${name}.type`));
  family.help = fields.help === undefined ? "" : stringAt(fields.help, `${name}.help`);
  family.unit = fields.unit === undefined ? "" : stringAt(fields.unit, `${name}.unit`);
  if (!UNIT.test(family.unit)) fail(`${name}.unit`, family.unit, "letters, digits, _ and :");
  if (fields.rule !== undefined) family.rule = oneOf(fields.rule, RULES, `${name}.rule`);
  arrayAt(fields.samples, `${name}.samples`).forEach((value, at) => {
    const path = `${name}.samples[${at}]`;
    const sample = objectAt(value, path);
    const row = readSample(family, sample, path);
    times.add(row, optional(sample.timestamp, finiteAt, `${path}.timestamp`), sample.timestamped === true);
    row.created = optional(sample.created, finiteAt, `${path}.created`) ?? row.created;
    row.native = optional(sample.native, nativeAt, `${path}.native`) ?? row.native;
    if (sample.exemplars !== undefined)
      row.exemplars = arrayAt(sample.exemplars, `${path}.exemplars`).map((exemplar, k) => exemplarAt(exemplar, `${path}.exemplars[${k}]`));
  });
  return family;
}

function readSample(family: FamilyBuilder, sample: Fields, path: string): Row {
  const labels = labelsAt(sample.labels, `${path}.labels`);
  const value = valueAt(sample.value, `${path}.value`);
  const part = partOf(family, sample.name, `${path}.name`);
  if (part === "buckets" || part === "quantiles") {
    const name = part === "buckets" ? "le" : "quantile";
    const label = labels.find(([other]) => other === name);
    const key = readNumber(label?.[1] ?? "");
    if (key === undefined || Number.isNaN(key)) fail(`${path}.labels.${name}`, label?.[1], "a number in a string");
    if (part === "buckets" && !Number.isFinite(value)) fail(`${path}.value`, value, "a finite count");
    const row = family.row(labels.filter((other) => other !== label));
    row[part] ??= new Map();
    if (row[part].has(key)) fail(path, label![1], `each ${name} once`);
    row[part].set(key, value);
    return row;
  }
  const row = family.row(labels);
  if (row[part] !== undefined) fail(path, sample.name ?? family.name, "each series once");
  row[part] = value;
  return row;
}

/** What a sample gives of its row. */
function partOf({ name, type }: FamilyBuilder, sample: unknown, path: string): "value" | "sum" | "count" | "buckets" | "quantiles" {
  const g = type === "gaugehistogram" ? "g" : "";
  if (isHistogram(type) && sample === `${name}_bucket`) return "buckets";
  if (isHistogram(type) || type === "summary") {
    if (sample === `${name}_${g}sum`) return "sum";
    if (sample === `${name}_${g}count`) return "count";
    if (type === "summary" && sample === name) return "quantiles";
    return fail(path, sample, type === "summary" ? `${name}, ${name}_sum or ${name}_count` : `${name}_bucket, ${name}_${g}sum or ${name}_${g}count`);
  }
  if (sample !== undefined && sample !== name) fail(path, sample, `${name}, or no name`);
  return "value";
}

function labelsAt(value: unknown, path: string): LabelPair[] {
  return Object.entries(objectAt(value, path)).map(([name, text]) => {
    if (!LABEL_NAME.test(name)) fail(path, name, "label names (letters, digits and _, no digit first) as keys");
    return [name, stringAt(text, `${path}.${name}`)];
  });
}

function exemplarAt(value: unknown, path: string): Exemplar {
  const fields = objectAt(value, path);
  const timestamp = optional(fields.timestamp, finiteAt, `${path}.timestamp`);
  const labels = Object.fromEntries(labelsAt(fields.labels, `${path}.labels`));
  return { labels, value: valueAt(fields.value, `${path}.value`), ...(timestamp === undefined ? {} : { timestamp }) };
}

function nativeAt(value: unknown, path: string): NativeHistogram {
  const fields = objectAt(value, path);
  const schema = integerAt(fields.schema, `${path}.schema`);
  if (schema < -4 || schema > 8) fail(`${path}.schema`, schema, "a whole number from -4 to 8");
  return {
    schema,
    zeroThreshold: finiteAt(fields.zeroThreshold, `${path}.zeroThreshold`),
    zeroCount: finiteAt(fields.zeroCount, `${path}.zeroCount`),
    positive: sideAt(fields.positive, `${path}.positive`),
    negative: sideAt(fields.negative, `${path}.negative`),
  };
}

function sideAt(value: unknown, path: string): NativeBuckets {
  const fields = objectAt(value, path);
  const counts = arrayAt(fields.counts, `${path}.counts`).map((count, k) => finiteAt(count, `${path}.counts[${k}]`));
  return { offset: integerAt(fields.offset, `${path}.offset`), counts };
}

function fail(path: string, value: unknown, expected: string): never {
  throw new InferometerError("PARSE_ERROR", `At ${path}: saw ${shown(value)}, expected ${expected}.`);
}

function objectAt(value: unknown, path: string): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : fail(path, value, "an object");
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(path, value, "an array");
}

function stringAt(value: unknown, path: string): string {
  return typeof value === "string" ? value : fail(path, value, "a string");
}

function finiteAt(value: unknown, path: string): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fail(path, value, "a finite number");
}

function integerAt(value: unknown, path: string): number {
  return Number.isSafeInteger(value) ? (value as number) : fail(path, value, "a whole number");
}

function valueAt(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "+Inf" || value === "-Inf") return readNumber(value)!;
  return fail(path, value, 'a number, "NaN", "+Inf" or "-Inf"');
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], path: string): T {
  return allowed.find((one) => one === value) ?? fail(path, value, `one of ${allowed.join(", ")}`);
}

function optional<T>(value: unknown, read: (value: unknown, path: string) => T, path: string): T | undefined {
  return value === undefined ? undefined : read(value, path);
}
