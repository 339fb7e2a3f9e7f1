import { type Exemplar, type FamilySnapshot, isHistogram, nativeCount } from "../core/snapshot.ts";
import { exemplarsOfBuckets } from "./exemplars.ts";
import { LabelTexts } from "./label-texts.ts";
import { numberText } from "./number-text.ts";

/** The names of a family's samples; one that is undefined is not written. */
export interface SampleNames {
  readonly value: string;
  readonly bucket: string;
  readonly sum: string;
  readonly count: string;
  readonly created: string | undefined;
}

/** What differs between the two text formats in the samples of a family. */
export interface Dialect {
  readonly names: SampleNames;
  /** The text of `le` and `quantile`. */
  bound(bound: number): string;
  /** What follows a value whose row has a timestamp (seconds since 1970). */
  time(seconds: number): string;
  /** What follows a counter or a bucket that has an exemplar. */
  exemplar?(exemplar: Exemplar): string;
  /** Whether the format allows this value of a counter; else the row is left out. */
  allowsTotal(total: number): boolean;
  /** Whether it allows this sum; else a histogram's sum and count are left out, or a summary's sum. */
  allowsSum(sum: number): boolean;
  /** Whether it allows this value of a quantile; else the quantile is left out. */
  allowsQuantile(value: number): boolean;
}

/** A label pair as both text formats write it. */
export const quotedPair = (name: string, value: string): string => `${name}="${/[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, escaped) : value}"`;

/** A character that must be escaped, escaped. */
export const escaped = (character: string): string => (character === "\n" ? "\\n" : `\\${character}`);

/** The function that writes all samples of a row, a line each. */
export function rowWriter(family: FamilySnapshot, dialect: Dialect): (row: number) => string {
  const lines = isHistogram(family.type)
    ? histogramLines(family, dialect)
    : family.type === "summary"
      ? summaryLines(family, dialect)
      : valueLines(family, dialect);
  const labelTexts = new LabelTexts(family, quotedPair);
  const { created, timestamps } = family;
  const name = dialect.names.created;
  return (row) => {
    const labels = labelTexts.of(row);
    const stamp = timestamps === undefined || Number.isNaN(timestamps[row]!) ? "" : ` ${dialect.time(timestamps[row]!)}`;
    const text = lines(row, labels, stamp);
    if (text === "" || name === undefined || created === undefined || Number.isNaN(created[row]!)) return text;
    return `${text}${series(name, labels)} ${numberText(created[row]!)}${stamp}\n`;
  };
}

type Lines = (row: number, labels: string, stamp: string) => string;

const series = (name: string, labels: string): string => (labels === "" ? name : `${name}{${labels}}`);

function valueLines(family: FamilySnapshot, dialect: Dialect): Lines {
  const { values, type } = family;
  const { names, exemplar } = dialect;
  const exemplars = exemplar === undefined || type !== "counter" ? undefined : family.exemplars;
  return (row, labels, stamp) => {
    const value = values[row]!;
    if (type === "counter" && !dialect.allowsTotal(value)) return "";
    const seen = exemplars?.get(row)?.at(-1);
    return `${series(names.value, labels)} ${numberText(value)}${stamp}${seen === undefined ? "" : exemplar!(seen)}\n`;
  };
}

function histogramLines(family: FamilySnapshot, dialect: Dialect): Lines {
  const { values, stride, bounds, natives } = family;
  const { names, exemplar } = dialect;
  const uppers = [...(bounds ?? []), Number.POSITIVE_INFINITY];
  const labelsOf = uppers.map((upper) => `le="${dialect.bound(upper)}"} `);
  const exemplars = exemplar === undefined ? undefined : family.exemplars;
  return (row, labels, stamp) => {
    const start = row * stride;
    const head = labels === "" ? `${names.bucket}{` : `${names.bucket}{${labels},`;
    const seen = exemplars?.get(row);
    const ofBuckets = seen === undefined ? undefined : exemplarsOfBuckets(family, row, seen);
    let text = "";
    let count = 0;
    for (let k = 0; k < uppers.length; k++) {
      // Native only: the one bucket that everything is in.
      const inBucket = bounds === undefined ? totalOf(natives?.[row]) : values[start + k]!;
      if (Number.isNaN(inBucket)) continue;
      count += inBucket;
      const ofBucket = ofBuckets?.get(uppers[k]!);
      text += `${head}${labelsOf[k]}${numberText(count)}${stamp}${ofBucket === undefined ? "" : exemplar!(ofBucket)}\n`;
    }
    const sum = values[start + stride - 1]!;
    if (!dialect.allowsSum(sum)) return text;
    return `${text}${series(names.sum, labels)} ${numberText(sum)}${stamp}\n${series(names.count, labels)} ${numberText(count)}${stamp}\n`;
  };
}

const totalOf = (native: Parameters<typeof nativeCount>[0] | undefined): number => (native === undefined ? 0 : nativeCount(native));

function summaryLines(family: FamilySnapshot, dialect: Dialect): Lines {
  const { values, stride } = family;
  const { names } = dialect;
  const quantiles = (family.quantiles ?? []).map((quantile) => `quantile="${dialect.bound(quantile)}"} `);
  return (row, labels, stamp) => {
    const start = row * stride;
    const head = labels === "" ? `${names.value}{` : `${names.value}{${labels},`;
    let text = "";
    for (let k = 0; k < quantiles.length; k++) {
      const value = values[start + 2 + k]!;
      if (dialect.allowsQuantile(value)) text += `${head}${quantiles[k]}${numberText(value)}${stamp}\n`;
    }
    const count = values[start]!;
    const sum = values[start + 1]!;
    // A count that is not a number was not in the text this row was parsed from.
    if (dialect.allowsSum(sum) && !(Number.isNaN(count) && Number.isNaN(sum))) text += `${series(names.sum, labels)} ${numberText(sum)}${stamp}\n`;
    if (!Number.isNaN(count)) text += `${series(names.count, labels)} ${numberText(count)}${stamp}\n`;
    return text;
  };
}
