import type { FamilySnapshot } from "../core/snapshot.ts";
import { joined } from "./format.ts";
import { NumberedText } from "./image-numbers.ts";
import { areSame, createdOf, isPlain, linesPerRow, type NumberedRows, number, show } from "./image-rows.ts";
import type { PartWriter, RowRange } from "./image-writer.ts";

/** Up to so many numbers a part remembers the snapshot itself; a whole one would hold the values of a scrape. */
const FEW_NUMBERS = 64;

/** What a family's text depends on besides rows, values and neighbours. */
type Like = Pick<FamilySnapshot, "name" | "type" | "help" | "unit" | "constants" | "bounds" | "quantiles" | "table">;

/** Rows of a family. */
export interface Piece extends RowRange {
  readonly family: FamilySnapshot;
}

interface Part extends NumberedRows {
  /** Where it is the very snapshot that the text shows, the same object again says that nothing has changed. */
  like: Like;
  readonly isRenamed: boolean;
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
    const text = joined(texts);
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
    return joined(this.#parts.map((part, k) => writer.part(families[k]!, part).bytes));
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
