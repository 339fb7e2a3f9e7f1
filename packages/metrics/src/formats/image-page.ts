import { type FamilySnapshot, hasBeginning } from "../core/snapshot.ts";
import { NumberedText } from "./image-numbers.ts";
import type { PartWriter, RowRange } from "./image-writer.ts";

const LINE_FEED = 10;
const BLANK = 32;

/** Up to so many numbers a part remembers the snapshot itself; a whole one would hold the values of a scrape. */
const FEW_NUMBERS = 64;

/** What a family's text depends on besides rows, values and neighbours. */
type Like = Pick<FamilySnapshot, "name" | "type" | "help" | "unit" | "constants" | "bounds" | "quantiles" | "table">;

/** Rows of a family. */
export interface Piece extends RowRange {
  readonly family: FamilySnapshot;
}

interface Part extends RowRange {
  /** Where it is the very snapshot that the text shows, the same object again says that nothing has changed. */
  like: Like;
  /** Place of its first number among the page's. */
  readonly field: number;
  readonly isRenamed: boolean;
  /** The beginnings that the text shows. They hardly ever change, so the patch takes them for fixed text. */
  created: Float64Array | undefined;
}

/**
 * A part of a text: small families one after the other, or a run of a large one's rows. Where each row has all its lines, with the numbers at
 * their ends, it can be patched; where it is less plain (exemplars, timestamps, a value that the format leaves out) it is composed anew.
 */
export class Page {
  readonly #parts: readonly Part[];
  /** Lines with numbers. */
  readonly lines: number;
  /** Memory, in bytes, that its text takes or took when there last was one. */
  size = 0;
  #text: NumberedText | Uint8Array | undefined;
  /** What it takes to compose the text on its way out, while none is kept. */
  #source: { readonly families: readonly FamilySnapshot[]; readonly writer: PartWriter } | undefined;

  constructor(pieces: readonly Piece[], writer: PartWriter) {
    let field = 0;
    this.#parts = pieces.map(({ family, from, to }) => {
      const part = { like: likeOf(family), from, to, field, isRenamed: writer.isRenamed(family), created: undefined };
      field += (to - from) * linesPerRow(family);
      return part;
    });
    this.lines = field;
  }

  /** Families that it shows, wholly or in part. */
  get families(): number {
    return this.#parts.length;
  }

  get name(): string {
    return this.#parts[0]!.like.name;
  }

  get from(): number {
    return this.#parts[0]!.from;
  }

  /** Where it ends in its last family. */
  get to(): number {
    return this.#parts.at(-1)!.to;
  }

  /** Whether it shows the families from number `at` on, its first one from row `from` on: the same metrics, with all the rows they had. */
  fits(families: readonly FamilySnapshot[], at: number, options: { readonly from: number; readonly renamed: PartWriter | undefined }): boolean {
    const parts = this.#parts;
    if (parts[0]!.from !== options.from || at + parts.length > families.length) return false;
    for (let k = 0; k < parts.length; k++) {
      const part = parts[k]!;
      const family = families[at + k]!;
      if (family !== part.like && !isAlike(family, part.like)) return false;
      if (parts.length === 1 && part.to > part.from ? part.to > family.length : part.to !== family.length) return false;
      if (options.renamed !== undefined && options.renamed.isRenamed(family) !== part.isRenamed) return false;
    }
    return true;
  }

  /** Brings the text up to date, `families` from number `at` on being those it fits. False: it cannot, and has to be composed. */
  patch(families: readonly FamilySnapshot[], at: number, writer: PartWriter): boolean {
    const text = this.#text;
    const parts = this.#parts;
    for (let k = 0; k < parts.length; k++) {
      const part = parts[k]!;
      const family = families[at + k]!;
      if (family === part.like && text !== undefined) continue;
      if (!(text instanceof NumberedText)) return false;
      if (!show(text, family, part, writer)) {
        text.abandon();
        return false;
      }
      part.like = likeOf(family);
    }
    if (text instanceof NumberedText) text.settle();
    return true;
  }

  /**
   * Writes the text anew, `families` from number `at` on being those it fits. Returns the first part that keeps it from being patched, or -1.
   */
  compose(families: readonly FamilySnapshot[], at: number, writer: PartWriter): number {
    const fields = { ends: new Uint32Array(this.lines), widths: new Uint8Array(this.lines), shown: new Float64Array(this.lines) };
    const texts: Uint8Array[] = [];
    let length = 0;
    let odd = -1;
    this.#parts.forEach((part, k) => {
      const family = families[at + k]!;
      const { bytes, head } = writer.part(family, part);
      part.like = likeOf(family);
      part.created = createdOf(family, part, writer)?.slice();
      if (odd === -1 && !(isPlain(family, part, writer) && number({ bytes, head, at: length }, part, { family, fields }))) odd = k;
      texts.push(bytes);
      length += bytes.length;
    });
    const text = joinedExactly(texts, length);
    this.#text = odd === -1 ? new NumberedText(text, fields) : text;
    this.#source = undefined;
    this.size = this.#textSize();
    return odd;
  }

  /** Lets go of the text: it will be composed from these on its way out. */
  release(families: readonly FamilySnapshot[], at: number, writer: PartWriter): void {
    this.#text = undefined;
    this.#source = { families: families.slice(at, at + this.#parts.length), writer };
  }

  /** Bytes of the text; undefined when it is composed only on its way out. */
  get byteLength(): number | undefined {
    return this.#text?.length;
  }

  /** The text: a view that is valid until the next patch, or bytes of its own. */
  bytes(): Uint8Array {
    const text = this.#text;
    if (text instanceof NumberedText) return text.bytes.subarray(0, text.length);
    if (text !== undefined) return text;
    const { families, writer } = this.#source!;
    const texts = this.#parts.map((part, k) => writer.part(families[k]!, part).bytes);
    return joinedExactly(
      texts,
      texts.reduce((length, { byteLength }) => length + byteLength, 0),
    );
  }

  /** Memory, in bytes. */
  #textSize(): number {
    const text = this.#text!;
    const created = this.#parts.reduce((bytes, part) => bytes + (part.created?.byteLength ?? 0), 0);
    return created + (text instanceof NumberedText ? text.size : text.buffer.byteLength);
  }

  /** The pieces that it shows of these families. */
  pieces(families: readonly FamilySnapshot[], at: number): Piece[] {
    return this.#parts.map(({ from, to }, k) => ({ family: families[at + k]!, from, to }));
  }
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

function isPlain(family: FamilySnapshot, range: RowRange, writer: PartWriter): boolean {
  const { exemplars } = family;
  if (!hasPlainRows(family)) return false;
  if (exemplars === undefined || exemplars.size === 0 || !writer.isOpenMetrics) return true;
  for (let row = range.from; row < range.to; row++) if (exemplars.has(row)) return false;
  return true;
}

function likeOf(family: FamilySnapshot): Like {
  if (family.values.length <= FEW_NUMBERS) return family;
  const { name, type, help, unit, constants, bounds, quantiles, table } = family;
  return { name, type, help, unit, constants, bounds, quantiles, table };
}

function isAlike(family: FamilySnapshot, like: Like): boolean {
  if (family.table !== like.table || family.name !== like.name || family.type !== like.type) return false;
  if (family.help !== like.help || family.unit !== like.unit) return false;
  return areSame(family.bounds, like.bounds) && areSame(family.quantiles, like.quantiles) && areSamePairs(family.constants, like.constants);
}

type Pairs = FamilySnapshot["constants"];

function areSamePairs(a: Pairs, b: Pairs): boolean {
  return a === b || (a.length === b.length && a.every(([name, value], k) => name === b[k]![0] && value === b[k]![1]));
}

type Numbers = ArrayLike<number> | undefined;

function areSame(a: Numbers, b: Numbers): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
  return true;
}

function createdOf(family: FamilySnapshot, range: RowRange, writer: PartWriter): Float64Array | undefined {
  return writer.showsCreated && hasBeginning(family.type) ? family.created?.subarray(range.from, range.to) : undefined;
}

/**
 * Finds a part's numbers, each at the end of its line. False when lines are missing: an encoder may leave out a line but never adds one, so
 * the full number of lines says that every row has all of its own.
 */
function number(
  text: { readonly bytes: Uint8Array; readonly head: number; readonly at: number },
  { from, to, field: first, created }: Part,
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

function joinedExactly(texts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const text of texts) {
    whole.set(text, at);
    at += text.length;
  }
  return whole;
}

// What brings a text up to date gives up (false) where that would take more than other numbers, as at a value whose line the encoders leave out.

function show(text: NumberedText, family: FamilySnapshot, part: Part, writer: PartWriter): boolean {
  if (!isPlain(family, part, writer) || !areSame(createdOf(family, part, writer), part.created)) return false;
  return family.type === "histogram" ? showHistograms(text, family, part, writer) : showValues(text, family, part, writer);
}

function showValues(text: NumberedText, family: FamilySnapshot, { from, to, field }: Part, writer: PartWriter): boolean {
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

function showHistograms(text: NumberedText, family: FamilySnapshot, { from, to, field: first }: Part, writer: PartWriter): boolean {
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
