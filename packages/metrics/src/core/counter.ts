import { InferometerError, shown } from "./errors.ts";
import { keepExemplar, type RecordOptions } from "./exemplar.ts";
import { expiring } from "./expiry.ts";
import { type Child, type Definition, Family, type Home } from "./family.ts";
import type { Labels } from "./labels.ts";

/** Where the handle of a removed series writes: nobody reads it. */
const NOWHERE = new Float64Array(1);

/**
 * A total that only grows: a counter without labels, or one series of a CounterFamily, held.
 *
 * @example
 * const frames = metrics.counter("frames_total", { help: "Frames seen." });
 * frames.inc();
 * frames.inc(3, { exemplar: { trace_id: "4bf92f35" } });
 */
export class Counter implements Child {
  readonly #family: CounterData;
  #cells: Float64Array = NOWHERE;
  #at = 0;
  #row = -1;
  #isMirror = false;

  /** @internal Made by a registry or a family. */
  constructor(family: CounterData, row: number) {
    this.#family = family;
    this.attach(row);
  }

  /**
   * Adds `by` (default 1). Throws VALUE_INVALID for what is not a finite number of at least 0.
   * `options.exemplar`: labels of a trace that this increment belongs to.
   */
  inc(by?: number, options?: RecordOptions): void {
    if (by === undefined) this.#cells[this.#at]! += 1;
    else if (typeof by === "number" && by >= 0 && by <= Number.MAX_VALUE) this.#cells[this.#at]! += by;
    else throw notAnIncrement(by, this.#family.name);
    if (options?.exemplar !== undefined) this.#family.exemplar(this.#row, by ?? 1, options.exemplar);
  }

  /**
   * Takes over a total that something else counts, such as the kernel's. Since when is not known, until a total below the last one says that
   * its counter began anew.
   * Throws VALUE_INVALID for what is not a finite number of at least 0.
   */
  mirror(total: number): void {
    if (!(typeof total === "number" && total >= 0 && total <= Number.MAX_VALUE)) throw notAnIncrement(total, this.#family.name);
    if (this.#row !== -1 && (!this.#isMirror || total < this.#cells[this.#at]!)) {
      this.#family.begin(this.#row, this.#isMirror ? this.#family.home.clock.time() : Number.NaN);
      this.#isMirror = true;
    }
    this.#cells[this.#at] = total;
  }

  /** The total; 0 after its series was removed. */
  value(): number {
    return this.#row === -1 ? 0 : this.#cells[this.#at]!;
  }

  /** @internal */
  attach(row: number): void {
    this.#row = row;
    if (row === -1) {
      this.#isMirror = false;
      this.#cells = NOWHERE;
      this.#at = 0;
      return;
    }
    this.#cells = this.#family.cellsOf(row);
    this.#at = this.#family.placeOf(row);
  }
}

/** The series behind a counter; with labels or without. */
export class CounterData extends Family<Counter> {
  /** The labelled record path; see lookup.ts. */
  readonly record: (labels: object, by?: number, options?: RecordOptions) => void;

  constructor(home: Home, definition: Definition) {
    super(home, definition, 1);
    this.record = this.recorder?.record ?? (() => {});
    this.layOut();
  }

  override recordAt(cells: Float64Array, at: number, by = 1, options?: RecordOptions): void {
    if (typeof by !== "number" || !(by >= 0 && by <= Number.MAX_VALUE)) throw notAnIncrement(by, this.name);
    cells[at]! += by;
    if (options !== undefined) this.exemplarAt(cells, at, by, options);
  }

  exemplarAt(cells: Float64Array, at: number, by: number, options: RecordOptions): void {
    if (options.exemplar !== undefined) this.exemplar(this.rowAt(cells, at), by, options.exemplar);
  }

  exemplar(row: number, value: number, labels: Readonly<Record<string, string>>): void {
    if (row === -1) return;
    if (this.exemplars === undefined) this.home.watcher?.mustAsk(this as unknown as Family);
    keepExemplar((this.exemplars ??= new Map()), { row, place: 0 }, { labels, value, timestamp: this.home.clock.time() });
  }

  protected override makeChild(row: number): Counter {
    return new Counter(this, row);
  }
}

/**
 * A counter with labels.
 *
 * @example
 * const frames = metrics.counter("frames_total", { help: "Frames seen.", labels: ["model", "status"] });
 * frames.inc({ model: "owlv2", status: "success" });
 */
export class CounterFamily<L extends object = Labels> {
  readonly #data: CounterData;
  /**
   * Adds `by` (default 1) to the series of these labels. A label set is checked when it is first seen (LABEL_UNKNOWN, LABEL_MISSING, LABEL_VALUE_INVALID).
   * Throws VALUE_INVALID for what is not a finite number of at least 0.
   */
  readonly inc: (labels: L, by?: number, options?: RecordOptions) => void;

  /** @internal Made by a registry. */
  constructor(data: CounterData) {
    this.#data = data;
    this.inc = data.definition.expireAfterMs === undefined ? data.record : (labels, by, options) => this.labels(labels).inc(by, options);
  }

  /** The series of these labels, held: for hot code, it costs no look-up. */
  labels(labels: L): Counter {
    return expiring(this.#data, labels, ["inc", "mirror"]);
  }

  /** The total of a series; 0 where there is none. */
  value(labels: L): number {
    const row = this.#data.existingRow(labels);
    return row === -1 ? 0 : this.#data.childAt(row).value();
  }

  /** Removes a series; false if there was none. A held child of it counts nowhere from then on. */
  remove(labels: L): boolean {
    return this.#data.removeRow(this.#data.existingRow(labels));
  }

  /** Removes every series. */
  clear(): void {
    this.#data.clear();
  }
}

const notAnIncrement = (by: unknown, name: string): InferometerError =>
  new InferometerError(
    "VALUE_INVALID",
    `${name} cannot grow by ${shown(by)}: a counter does not go down and holds finite numbers. Pass a number of at least 0, or use a gauge.`,
  );
