import { InferometerError, shown } from "../core/errors.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { CHUNK_LENGTH, type EncodeOptions, joined } from "./format.ts";
import { Budget, FamilyImage } from "./image-family.ts";
import { PartWriter } from "./image-writer.ts";
import { openMetrics } from "./open-metrics.ts";
import { prometheusText } from "./prometheus-text.ts";

/** Pieces shorter than this are copied together: many small writes cost a server more than the copy. */
const SMALL = 16 * 1024;

const FORMATS = { prometheus: prometheusText, openmetrics: openMetrics };

export interface TextImageOptions {
  readonly format: "prometheus" | "openmetrics";
  /** Default true: OpenMetrics writes a `_created` sample beside each counter, histogram and summary whose beginning is known. */
  readonly created?: boolean;
  /**
   * Default 256 MiB. Memory for texts and what belongs to them, about 85 bytes a line. Families that do not fit are composed each time,
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
  readonly #budget: Budget;
  #families: readonly FamilyImage[] = [];
  #byName: ReadonlyMap<string, FamilyImage> = new Map();
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
    this.#budget = new Budget(budgetBytes);
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
    for (const family of this.#families) {
      const bytes = family.byteLength;
      if (bytes === undefined) return undefined;
      length += bytes;
    }
    return length;
  }

  /**
   * The text in order, in pieces of about 32 KiB. Most are views of the image: they are valid until the next update begins; copy what must
   * live longer. Throws OPTION_INVALID when the image is not at the end of an update, or no longer that of which reading began.
   */
  *chunks(): Generator<Uint8Array, void, void> {
    const update = this.#updates;
    let small: Uint8Array[] = [];
    let length = 0;
    for (const piece of this.#pieces()) {
      this.#check(update);
      if (length > 0 && (piece.length >= SMALL || length + piece.length > CHUNK_LENGTH)) {
        yield joined(small);
        this.#check(update);
        small = [];
        length = 0;
      }
      if (piece.length >= SMALL) yield piece;
      else if (piece.length > 0) {
        small.push(piece);
        length += piece.length;
      }
    }
    this.#check(update);
    if (length > 0) yield joined(small);
  }

  *#pieces(): Generator<Uint8Array> {
    for (const family of this.#families) yield* family.chunks();
    yield this.#end;
  }

  #check(update: number): void {
    if (this.#isComplete && update === this.#updates) return;
    throw new InferometerError(
      "OPTION_INVALID",
      "This text image is being updated, or was never. Read its bytes between the end of an update and the next one.",
    );
  }

  *#work(snapshot: Snapshot, writer: PartWriter): Generator<void> {
    yield* this.#arrange(snapshot, writer);
    for (let k = 0; k < this.#families.length; k++) yield* this.#families[k]!.update({ family: snapshot.families[k]!, writer });
  }

  /** Finds each family's image, or begins one, and lets go of those that no family has any more. */
  *#arrange(snapshot: Snapshot, writer: PartWriter): Generator<void> {
    const before = this.#byName;
    const byName = new Map<string, FamilyImage>();
    const families: FamilyImage[] = [];
    const matching = snapshot.families.map((family) => {
      const image = before.get(family.name);
      return image?.matches(family) ? image : undefined;
    });
    const isSameSet = matching.length === before.size && !matching.includes(undefined);
    for (const [k, family] of snapshot.families.entries()) {
      // A name can come twice only by mistake; the second then has an image of its own, anew each time.
      let image = byName.has(family.name) ? undefined : matching[k];
      // OpenMetrics writes a counter as unknown while another metric has its bare name: who comes or goes may change a neighbour's text.
      if (image === undefined || (!isSameSet && !image.hasHead(writer.head(family)))) {
        image = new FamilyImage({ family, writer }, this.#budget);
        yield;
      }
      byName.set(family.name, image);
      families.push(image);
    }
    const kept = new Set(families);
    for (const image of this.#families) if (!kept.has(image)) image.release();
    this.#families = families;
    this.#byName = byName;
  }
}
