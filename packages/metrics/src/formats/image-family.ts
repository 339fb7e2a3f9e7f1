import type { FamilySnapshot } from "../core/snapshot.ts";
import { linesPerRow, Page } from "./image-page.ts";
import type { PartWriter, RowRange } from "./image-writer.ts";

/** How long a page's text should be, in bytes. A page is the least step: it is patched in about 0.02 ms and composed in about 0.5 ms. */
const PAGE_LENGTH = 32 * 1024;

/** The lines of a family's first page: only then does it show how long its rows are. */
const FIRST_PAGE_LINES = 64;

const MOST_ROWS_PER_PAGE = 4096;

/** Lines to patch, or as much other work, between two turns of the others: about 0.1 ms. */
const LINES_PER_TURN = 2000;

/** Composing a line takes as long as patching so many. */
const COMPOSED_LINE = 12;

/** What the families of an image share: the memory that they may take, and the work done since others had a turn. */
export class Budget {
  /** Bytes of memory. */
  readonly limit: number;
  /** Bytes of the texts that are kept and of what is known about them. */
  used = 0;
  #lines = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts work; true when others should have a turn. */
  isTurnOver(lines: number): boolean {
    this.#lines += lines;
    if (this.#lines < LINES_PER_TURN) return false;
    this.#lines = 0;
    return true;
  }
}

/** Where a family's text comes from. */
export interface Source {
  readonly family: FamilySnapshot;
  readonly writer: PartWriter;
}

/** One family's text: a head and pages that are patched; or, where those do not fit into the budget, what it takes to compose them. */
export class FamilyImage {
  readonly head: Uint8Array;
  /** What the text depends on besides rows and values. A whole FamilySnapshot would hold the values of a scrape. */
  readonly #like: Pick<FamilySnapshot, "name" | "type" | "help" | "unit" | "constants" | "bounds" | "quantiles" | "table">;
  readonly #budget: Budget;
  readonly #pages: Page[] = [];
  /** Memory that the pages take. */
  #size = 0;
  /** Memory that a row took when the pages were last built; 0: not known yet. */
  #rowSize = 0;
  /** Set while the pages do not fit into the budget. */
  #source: Source | undefined;

  constructor(source: Source, budget: Budget) {
    const { name, type, help, unit, constants, bounds, quantiles, table } = source.family;
    this.#like = { name, type, help, unit, constants, bounds, quantiles, table };
    this.head = source.writer.head(source.family);
    this.#budget = budget;
  }

  get #rows(): number {
    return this.#pages.at(-1)?.range.to ?? 0;
  }

  /** Whether this can be brought up to date to show `family`: the same metric, with all the rows it had and perhaps more. */
  matches(family: FamilySnapshot): boolean {
    const like = this.#like;
    if (family.table !== like.table || family.name !== like.name || family.type !== like.type) return false;
    if (family.help !== like.help || family.unit !== like.unit || family.length < this.#rows) return false;
    return areSame(family.bounds, like.bounds) && areSame(family.quantiles, like.quantiles) && areSamePairs(family.constants, like.constants);
  }

  hasHead(head: Uint8Array): boolean {
    return head.length === this.head.length && head.every((byte, k) => byte === this.head[k]);
  }

  /** Brings the text up to date, page by page. Given up in between, it can be called again with any snapshot that matches. */
  *update(source: Source): Generator<void> {
    const { family, writer } = source;
    const budget = this.#budget;
    const perRow = linesPerRow(family);
    const wanted = this.#rowSize * family.length;
    this.#source = source;
    if (budget.used - this.#size + wanted > budget.limit) return this.release();
    // The last page grows with the family until it is half full.
    if (this.#rows < family.length && this.#pages.length > 0 && this.#pages.at(-1)!.length < PAGE_LENGTH / 2) this.#count(-this.#pages.pop()!.size);
    for (let k = 0; k < this.#pages.length; k++) {
      const page = this.#pages[k]!;
      const { from, to } = page.range;
      this.#count(-page.size);
      const isPatched = page.patch(family, writer);
      if (!isPatched) this.#pages[k] = this.#compose(source, page.range);
      this.#count(this.#pages[k]!.size);
      if (budget.isTurnOver((to - from) * perRow * (isPatched ? 1 : COMPOSED_LINE))) yield;
    }
    while (this.#rows < family.length) {
      if (budget.used > budget.limit) return this.release();
      const from = this.#rows;
      const to = Math.min(family.length, from + this.#rowsPerPage(perRow));
      this.#pages.push(this.#compose(source, { from, to }));
      this.#count(this.#pages.at(-1)!.size);
      this.#rowSize = this.#size / to;
      if (budget.isTurnOver((to - from) * perRow * COMPOSED_LINE)) yield;
    }
    if (budget.used > budget.limit) return this.release();
    this.#source = undefined;
  }

  /** Bytes of the text; undefined when it is composed only on its way out. */
  get byteLength(): number | undefined {
    return this.#source === undefined ? this.#pages.reduce((length, page) => length + page.length, this.head.length) : undefined;
  }

  /** The text in order. A page's bytes are a view that is valid until the next update; what is composed here is the caller's. */
  *chunks(): Generator<Uint8Array> {
    yield this.head;
    for (const page of this.#pages) yield page.bytes;
    if (this.#source === undefined) return;
    const { family, writer } = this.#source;
    const step = this.#rowsPerPage(linesPerRow(family));
    for (let from = 0; from < family.length; from += step) yield writer.rows(family, this.head, { from, to: Math.min(family.length, from + step) });
  }

  /** Lets go of all pages. */
  release(): void {
    this.#pages.length = 0;
    this.#count(-this.#size);
  }

  #compose({ family, writer }: Source, range: RowRange): Page {
    return new Page(family, range, { composed: writer.rows(family, this.head, range), writer });
  }

  #count(size: number): void {
    this.#size += size;
    this.#budget.used += size;
  }

  #rowsPerPage(linesOfRow: number): number {
    const rows = this.#rowSize === 0 ? FIRST_PAGE_LINES / linesOfRow : PAGE_LENGTH / this.#rowSize;
    return Math.max(1, Math.min(MOST_ROWS_PER_PAGE, Math.floor(rows)));
  }
}

function areSame(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === b || (a?.length === b?.length && a!.every((number, k) => number === b![k]));
}

type Pairs = FamilySnapshot["constants"];

function areSamePairs(a: Pairs, b: Pairs): boolean {
  return a === b || (a.length === b.length && a.every(([name, value], k) => name === b[k]![0] && value === b[k]![1]));
}
