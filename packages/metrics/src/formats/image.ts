import { InferometerError, shown } from "../core/errors.ts";
import type { FamilySnapshot, Snapshot } from "../core/snapshot.ts";
import { CHUNK_LENGTH, type EncodeOptions, joined } from "./format.ts";
import { Page } from "./image-page.ts";
import { PagePlan } from "./image-plan.ts";
import { PartWriter } from "./image-writer.ts";
import { openMetrics } from "./open-metrics.ts";
import { prometheusText } from "./prometheus-text.ts";

/** Pieces shorter than this are copied together: many small writes cost a server more than the copy. */
const SMALL = 16 * 1024;

/** Lines to patch, or as much other work, between two turns of the others: about 0.1 ms. */
const LINES_PER_TURN = 2000;

/** Composing a line takes as long as patching so many. */
const COMPOSED_LINE = 12;

const FORMATS = { prometheus: prometheusText, openmetrics: openMetrics };

export interface TextImageOptions {
  readonly format: "prometheus" | "openmetrics";
  /** Default true: OpenMetrics writes a `_created` sample beside each counter, histogram and summary whose beginning is known. */
  readonly created?: boolean;
  /**
   * Default 256 MiB. Memory for texts and what belongs to them, about 85 bytes a line. Pages that do not fit are composed each time,
   * while `chunks` is read.
   */
  readonly budgetBytes?: number;
}

/**
 * The text of a registry, kept from scrape to scrape: an update writes only the numbers that changed, where they stand. The bytes are those
 * of `prometheusText` or `openMetrics`; the first update costs up to twice as much as they do, later ones a small part.
 *
 * Counters, gauges, unknown metrics, infos, state sets and classic histograms are patched. Pages with exemplars (in OpenMetrics), timestamps
 * or values that the format leaves out, summaries and histograms with native buckets only are composed anew at each update.
 *
 * @example
 * const image = new TextImage({ format: "prometheus" });
 * for (const _ of image.update(metrics.snapshot())) await scheduler.yield(); // or less often: a step takes about 0.1 ms, 1 ms while it is new
 * for (const chunk of image.chunks()) response.write(chunk.slice());
 */
export class TextImage {
  readonly #format: "prometheus" | "openmetrics";
  readonly #options: EncodeOptions;
  readonly #budget: number;
  #pages: readonly Page[] = [];
  /** Names of the families that the pages show. */
  #names: readonly string[] = [];
  #end: Uint8Array = new Uint8Array(0);
  #updates = 0;
  #isComplete = false;

  /** Throws OPTION_INVALID for another format or a budget that is not a number from 0 up. */
  constructor(options: TextImageOptions) {
    const { format, created = true, budgetBytes = 256 * 1024 * 1024 } = options;
    if (!Object.hasOwn(FORMATS, format)) {
      throw new InferometerError("OPTION_INVALID", `There is no text image in the format ${shown(format)}. Write "prometheus" or "openmetrics".`);
    }
    if (!(budgetBytes >= 0)) {
      throw new InferometerError("OPTION_INVALID", `budgetBytes is ${shown(budgetBytes)}. Give a number of bytes, 0 or more.`);
    }
    this.#format = format;
    this.#options = { created };
    this.#budget = budgetBytes;
  }

  /**
   * Makes the text that of `snapshot`. The work is done while the generator is read, in steps of about 0.1 ms, and of about 1 ms where text
   * must be composed; nothing can be read from the image before it is at its end. An update may be given up and another begun: then the first
   * one throws OPTION_INVALID when it goes on.
   */
  *update(snapshot: Snapshot): Generator<void, void, void> {
    const update = ++this.#updates;
    this.#isComplete = false;
    const writer = new PartWriter(FORMATS[this.#format], this.#options, snapshot);
    this.#end = writer.end;
    for (const _ of this.#work(snapshot, writer)) {
      yield;
      if (update !== this.#updates) {
        throw new InferometerError("OPTION_INVALID", "Another update of this text image has begun. Let one finish first, or use an image each.");
      }
    }
    this.#isComplete = true;
  }

  /** The length of the text in bytes; undefined when families beyond the budget are composed only while `chunks` is read. Throws as `chunks` does. */
  get byteLength(): number | undefined {
    this.#check(this.#updates);
    let length = this.#end.length;
    for (const page of this.#pages) {
      if (page.byteLength === undefined) return undefined;
      length += page.byteLength;
    }
    return length;
  }

  /**
   * The text in order, in pieces of about 32 KiB. Most are views of the image: they are valid until the next update begins; copy what must
   * live longer. Throws OPTION_INVALID when the image is not at the end of an update, or no longer that of which reading began.
   */
  *chunks(): Generator<Uint8Array, void, void> {
    const update = this.#updates;
    this.#check(update);
    let small: Uint8Array[] = [];
    let length = 0;
    for (let k = 0; k <= this.#pages.length; k++) {
      const piece = this.#pages[k]?.bytes() ?? this.#end;
      if (length > 0 && (piece.length >= SMALL || length + piece.length > CHUNK_LENGTH)) {
        yield joined(small);
        this.#check(update);
        small = [];
        length = 0;
      }
      if (piece.length >= SMALL) {
        yield piece;
        this.#check(update);
      } else if (piece.length > 0) {
        small.push(piece);
        length += piece.length;
      }
    }
    if (length > 0) yield joined(small);
  }

  #check(update: number): void {
    if (this.#isComplete && update === this.#updates) return;
    throw new InferometerError(
      "OPTION_INVALID",
      "This text image is being updated, or was never. Read its bytes between the end of an update and the next one.",
    );
  }

  /** Goes through the families: a page that still fits them is patched, what no page shows gets a new one. */
  *#work({ families }: Snapshot, writer: PartWriter): Generator<void> {
    const plan = new PagePlan(this.#pages, families);
    // OpenMetrics writes a counter as unknown while another metric has its bare name: who comes or goes may change a neighbour's text.
    const renamed = areNames(this.#names, families) ? undefined : writer;
    const pages: Page[] = [];
    let used = 0;
    let lines = 0;
    let place = { family: 0, row: 0 };
    let next = 0; // number of the page that came here the last time
    while (place.family < families.length) {
      const at = place.family;
      const number = plan.pageAt(place, next);
      let page = this.#pages[number];
      if (page?.fits(families, at, { from: place.row, renamed }) !== true || plan.mayGrow(page, endOf(page, families, at), number + 1))
        page = undefined;
      if (page !== undefined) next = number + 1;
      page ??= new Page(plan.piecesFrom(place, next), writer);
      const isKept = used + page.size <= this.#budget;
      const isPatched = isKept && page.patch(families, at, writer);
      const shown = isPatched || !isKept ? [page] : composed(page, { families, at, writer });
      place = endOf(page, families, at);
      let family = at;
      for (const each of shown) {
        used += each.size;
        if (used > this.#budget) each.release(families, family, writer);
        if (each.byteLength === undefined) used -= each.size;
        plan.learn(each);
        pages.push(each);
        family += each.families;
      }
      lines += page.lines * (isPatched ? 1 : COMPOSED_LINE);
      if (lines + page.lines <= LINES_PER_TURN) continue; // another such page would still be in time
      lines = 0;
      yield;
    }
    this.#pages = pages;
    if (renamed !== undefined) this.#names = families.map(({ name }) => name);
  }
}

function areNames(names: readonly string[], families: readonly FamilySnapshot[]): boolean {
  if (names.length !== families.length) return false;
  for (let k = 0; k < names.length; k++) if (names[k] !== families[k]!.name) return false;
  return true;
}

/** Where the families are shown up to, by a page that begins in number `at`. */
function endOf(page: Page, families: readonly FamilySnapshot[], at: number): { family: number; row: number } {
  const last = at + page.families - 1;
  return page.to < families[last]!.length ? { family: last, row: page.to } : { family: last + 1, row: 0 };
}

/** Composes a page, or three, where one of its families cannot be patched: that one then costs its neighbours nothing. */
function composed(page: Page, of: { readonly families: readonly FamilySnapshot[]; readonly at: number; readonly writer: PartWriter }): Page[] {
  const { families, at, writer } = of;
  const odd = page.compose(families, at, writer);
  if (odd === -1 || page.families === 1) return [page];
  const pieces = page.pieces(families, at);
  const cuts = [0, odd, odd + 1, pieces.length];
  return [0, 1, 2].flatMap((k) => {
    const part = pieces.slice(cuts[k], cuts[k + 1]);
    return part.length === 0 ? [] : composed(new Page(part, writer), { families, at: at + cuts[k]!, writer });
  });
}
