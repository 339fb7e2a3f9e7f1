import { type FamilySnapshot, hasBeginning } from "../core/snapshot.ts";
import type { NumberedText } from "./image-numbers.ts";
import type { PartWriter, RowRange } from "./image-writer.ts";

const LINE_FEED = 10;
const BLANK = 32;

/** A run of a family's rows in a text with numbers. */
export interface NumberedRows extends RowRange {
  /** Place of its first number among the text's. */
  readonly field: number;
  /** The beginnings that the text shows. They hardly ever change, so they are taken for fixed text. */
  readonly created: Float64Array | undefined;
}

/** The lines of a row that has all of them, but for the beginning. */
export function linesPerRow(family: Pick<FamilySnapshot, "type" | "bounds" | "stride">): number {
  if (family.type === "histogram" || family.type === "gaugehistogram") return (family.bounds?.length ?? 0) + 3;
  return family.stride;
}

/** Whether a family's rows can be patched, by its type. */
export function hasPlainRows({ type, bounds, timestamps }: FamilySnapshot): boolean {
  return timestamps === undefined && type !== "summary" && type !== "gaugehistogram" && !(type === "histogram" && bounds === undefined);
}

export function isPlain(family: FamilySnapshot, range: RowRange, writer: PartWriter): boolean {
  const { exemplars } = family;
  if (!hasPlainRows(family)) return false;
  if (exemplars === undefined || exemplars.size === 0 || !writer.isOpenMetrics) return true;
  for (let row = range.from; row < range.to; row++) if (exemplars.has(row)) return false;
  return true;
}

export function createdOf(family: FamilySnapshot, range: RowRange, writer: PartWriter): Float64Array | undefined {
  return writer.showsCreated && hasBeginning(family.type) ? family.created?.subarray(range.from, range.to) : undefined;
}

/**
 * Finds the numbers of some rows, each at the end of its line. False when lines are missing: an encoder may leave out a line but never adds one, so
 * the full number of lines says that every row has all of its own.
 */
export function number(
  text: { readonly bytes: Uint8Array; readonly head: number; readonly at: number },
  { from, to, field: first, created }: NumberedRows,
  { family, fields }: { readonly family: FamilySnapshot; readonly fields: Pick<NumberedText, "ends" | "widths" | "shown"> },
): boolean {
  const { bytes } = text;
  const perRow = linesPerRow(family);
  let at = text.head;
  for (let row = 0, field = first; row < to - from; row++) {
    for (const rowEnd = field + perRow; field < rowEnd; field++) {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end === -1) return false;
      let start = end;
      while (bytes[start - 1] !== BLANK) start--;
      fields.ends[field] = text.at + end;
      fields.widths[field] = end - start;
      at = end + 1;
    }
    if (created === undefined || Number.isNaN(created[row]!)) continue;
    at = bytes.indexOf(LINE_FEED, at) + 1;
    if (at === 0) return false;
  }
  fillNumbers(fields.shown, family, { from, to, field: first });
  return at === bytes.length;
}

/** Writes the numbers of some rows in the order of their lines. */
function fillNumbers(numbers: Float64Array, family: FamilySnapshot, { from, to, field: first }: RowRange & { readonly field: number }): void {
  const { values, stride, type } = family;
  let field = first;
  if (type !== "histogram") {
    for (let k = from * stride; k < to * stride; k++) numbers[field++] = values[k]!;
    return;
  }
  for (let row = from; row < to; row++) {
    let count = 0;
    for (let k = row * stride; k < (row + 1) * stride - 1; k++) numbers[field++] = count += values[k]!;
    numbers[field++] = values[(row + 1) * stride - 1]!;
    numbers[field++] = count;
  }
}

// What brings a text up to date gives up (false) where that would take more than other numbers, as at a value whose line the encoders leave out.

export function show(text: NumberedText, family: FamilySnapshot, part: NumberedRows, writer: PartWriter): boolean {
  if (!isPlain(family, part, writer) || !areSame(createdOf(family, part, writer), part.created)) return false;
  return family.type === "histogram" ? showHistograms(text, family, part, writer) : showValues(text, family, part, writer);
}

function showValues(text: NumberedText, family: FamilySnapshot, { from, to, field }: NumberedRows, writer: PartWriter): boolean {
  const { values } = family;
  const mayBeLeftOut = writer.isOpenMetrics && family.type === "counter";
  const shift = field - from;
  for (let row = from; row < to; row++) {
    const value = values[row]!;
    if (mayBeLeftOut && !(value >= 0)) return false;
    text.show(shift + row, value);
  }
  return true;
}

function showHistograms(text: NumberedText, family: FamilySnapshot, { from, to, field: first }: NumberedRows, writer: PartWriter): boolean {
  const { values, stride } = family;
  const mayBeLeftOut = writer.isOpenMetrics;
  let field = first;
  let at = from * stride;
  for (let row = from; row < to; row++) {
    let count = 0;
    for (const sumAt = at + stride - 1; at < sumAt; at++) {
      const inBucket = values[at]!;
      if (Number.isNaN(inBucket)) return false;
      count += inBucket;
      text.show(field++, count);
    }
    const sum = values[at++]!;
    if (mayBeLeftOut && !(sum >= 0)) return false;
    text.show(field++, sum);
    text.show(field++, count);
  }
  return true;
}

type Numbers = ArrayLike<number> | undefined;

export function areSame(a: Numbers, b: Numbers): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
  return true;
}
