import type { FamilySnapshot } from "../core/snapshot.ts";
import { NumberedText } from "./image-numbers.ts";
import type { PartWriter, RowRange } from "./image-writer.ts";

const LINE_FEED = 10;
const BLANK = 32;

/**
 * A run of a family's rows as text. Where each row has all its lines, with the numbers at their ends, it can be patched; where it is less
 * plain (exemplars, timestamps, a value that the format leaves out) it is composed anew each time.
 */
export class Page {
  readonly range: RowRange;
  readonly #text: NumberedText | Uint8Array;
  /** The beginnings that the text shows. They hardly ever change, so the patch takes them for fixed text. */
  readonly #created: Float64Array | undefined;

  /** `composed` is the text of the rows as the plain encoder writes them; it is taken over. */
  constructor(family: FamilySnapshot, range: RowRange, { composed, writer }: { readonly composed: Uint8Array; readonly writer: PartWriter }) {
    this.range = range;
    this.#created = createdOf(family, range, writer)?.slice();
    this.#text = (isPlain(family, range, writer) ? numbered(composed, family, { range, created: this.#created }) : undefined) ?? composed;
  }

  /** The text; a view that is valid until the next patch. */
  get bytes(): Uint8Array {
    return this.#text instanceof NumberedText ? this.#text.bytes.subarray(0, this.#text.length) : this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  /** Memory, in bytes. */
  get size(): number {
    const text = this.#text instanceof NumberedText ? this.#text.size : this.#text.buffer.byteLength;
    return text + (this.#created?.byteLength ?? 0);
  }

  /** Brings the text up to date. False: it cannot, and is good for nothing now; a new page must take its place. */
  patch(family: FamilySnapshot, writer: PartWriter): boolean {
    const text = this.#text;
    if (!(text instanceof NumberedText) || !isPlain(family, this.range, writer)) return false;
    if (!areSame(createdOf(family, this.range, writer), this.#created)) return false;
    const show = family.type === "histogram" ? showHistograms : showValues;
    const isDone = show(text, family, { range: this.range, writer });
    if (isDone) text.settle();
    else text.abandon();
    return isDone;
  }
}

/** The lines of a row that has all of them, but for the beginning. */
export function linesPerRow(family: FamilySnapshot): number {
  if (family.type === "histogram" || family.type === "gaugehistogram") return (family.bounds?.length ?? 0) + 3;
  return family.stride;
}

function isPlain(family: FamilySnapshot, range: RowRange, writer: PartWriter): boolean {
  const { type, exemplars } = family;
  if (type === "summary" || type === "gaugehistogram" || (type === "histogram" && family.bounds === undefined)) return false;
  if (family.timestamps !== undefined) return false;
  if (exemplars === undefined || exemplars.size === 0 || !writer.isOpenMetrics) return true;
  for (let row = range.from; row < range.to; row++) if (exemplars.has(row)) return false;
  return true;
}

function createdOf(family: FamilySnapshot, range: RowRange, writer: PartWriter): Float64Array | undefined {
  const isShown = writer.showsCreated && (family.type === "counter" || family.type === "histogram");
  return isShown ? family.created?.subarray(range.from, range.to) : undefined;
}

function areSame(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
  return true;
}

/**
 * Finds the numbers of a text, each at the end of its line. Undefined when lines are missing: an encoder may leave out a line but never adds
 * one, so the full number of lines says that every row has all of its own.
 */
function numbered(bytes: Uint8Array, family: FamilySnapshot, rows: { readonly range: RowRange; readonly created: Float64Array | undefined }) {
  const { range, created } = rows;
  const perRow = linesPerRow(family);
  const ends = new Uint32Array((range.to - range.from) * perRow);
  const widths = new Uint8Array(ends.length);
  let at = 0;
  for (let field = 0, row = 0; field < ends.length; row++) {
    for (const rowEnd = field + perRow; field < rowEnd; field++) {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end === -1) return undefined;
      let start = end;
      while (bytes[start - 1] !== BLANK) start--;
      ends[field] = end;
      widths[field] = end - start;
      at = end + 1;
    }
    if (created === undefined || Number.isNaN(created[row]!)) continue;
    at = bytes.indexOf(LINE_FEED, at) + 1;
    if (at === 0) return undefined;
  }
  return at === bytes.length ? new NumberedText(bytes, { ends, widths, shown: numbersOf(family, range) }) : undefined;
}

/** The numbers of some rows in the order of their lines. */
function numbersOf(family: FamilySnapshot, { from, to }: RowRange): Float64Array {
  const { values, stride, type } = family;
  if (type !== "histogram") return values.slice(from * stride, to * stride);
  const numbers = new Float64Array((to - from) * (stride + 1));
  let field = 0;
  for (let row = from; row < to; row++) {
    let count = 0;
    for (let k = row * stride; k < (row + 1) * stride - 1; k++) numbers[field++] = count += values[k]!;
    numbers[field++] = values[(row + 1) * stride - 1]!;
    numbers[field++] = count;
  }
  return numbers;
}

// What brings a text up to date gives up (false) at a value whose line the encoders leave out.

function showValues(text: NumberedText, family: FamilySnapshot, rows: { readonly range: RowRange; readonly writer: PartWriter }): boolean {
  const { values } = family;
  const { from, to } = rows.range;
  const mayBeLeftOut = rows.writer.isOpenMetrics && family.type === "counter";
  for (let row = from; row < to; row++) {
    const value = values[row]!;
    if (mayBeLeftOut && !(value >= 0)) return false;
    text.show(row - from, value);
  }
  return true;
}

function showHistograms(text: NumberedText, family: FamilySnapshot, rows: { readonly range: RowRange; readonly writer: PartWriter }): boolean {
  const { values, stride } = family;
  const { from, to } = rows.range;
  const mayBeLeftOut = rows.writer.isOpenMetrics;
  let field = 0;
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
