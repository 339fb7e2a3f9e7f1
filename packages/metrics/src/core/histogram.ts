import { type BucketSearch, bucketSearch } from "./bucket-search.ts";
import { InferometerError, shown } from "./errors.ts";
import { keepExemplar, type RecordOptions } from "./exemplar.ts";
import { expiring } from "./expiry.ts";
import { type Child, type Definition, Family, type Home } from "./family.ts";
import { histogramPoints } from "./histogram-points.ts";
import type { Labels } from "./labels.ts";
import { NATIVE_CELLS, nativeObserve, nativeRead, nativeReset } from "./native.ts";
import { type FamilyData, FamilySnapshot, type HistogramPoint } from "./snapshot.ts";
import { Distribution, type Statistics } from "./statistics.ts";
import { type PendingTimer, Timer, timed } from "./timer.ts";

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

/** Where a series' numbers are. */
interface Place {
  cells: Float64Array;
  at: number;
  row: number;
}

/**
 * Counts values in buckets: a histogram without labels, or one series of a HistogramFamily, held.
 *
 * @example
 * const latency = metrics.histogram("detection_latency_seconds", { help: "Time to detect." });
 * latency.observe(0.15);
 * latency.distribution().quantile(0.95); // seconds
 */
export class Histogram implements Child {
  readonly #family: HistogramData;
  readonly #place: Place;
  /**
   * Counts a value. Throws VALUE_INVALID for NaN and infinities: one of them would spoil the sum for ever.
   * `options.exemplar`: labels of a trace that this observation belongs to.
   */
  readonly observe: (value: number, options?: RecordOptions) => void;

  /** @internal Made by a registry or a family. */
  constructor(family: HistogramData, row: number) {
    this.#family = family;
    const place: Place = { cells: family.cellsOf(row), at: family.placeOf(row), row };
    this.#place = place;
    const { count } = family;
    // A function of its own: V8 knows `count`, and the place until a series is removed, as constants. 7 ns, and 15.6 as a method (bench/core).
    this.observe = (value, options) => {
      count(place.cells, place.at, value);
      if (options !== undefined && options.exemplar !== undefined) family.exemplar(place.row, value, options.exemplar);
    };
  }

  /** Starts a timer that observes its seconds when it stops. */
  startTimer(): Timer {
    return new Timer(this.#family.home.clock, (_labels, seconds) => this.observe(seconds));
  }

  /** Runs `work` and observes its seconds, also when it fails. Returns its result; awaits a promise. */
  time<T>(work: () => T): T {
    return timed(this.#family.home.clock, { record: (seconds) => this.observe(seconds), work });
  }

  /** What was observed so far, to read quantiles from. */
  distribution(): Distribution {
    return new Distribution(this.#family.point(this.#place.row));
  }

  /** Count, sum and mean of what was observed so far. */
  statistics(): Statistics {
    return this.distribution().statistics();
  }

  /** @internal */
  attach(row: number): void {
    this.#place.row = row;
    this.#place.cells = row === -1 ? this.#family.scratch() : this.#family.cellsOf(row);
    this.#place.at = row === -1 ? 0 : this.#family.placeOf(row);
  }
}

/** How a histogram counts. */
export interface HistogramShape {
  /** Checked upper bounds; undefined: no classic buckets. */
  readonly bounds: readonly number[] | undefined;
  /** Finest schema of the native buckets; undefined: none. */
  readonly schema: number | undefined;
}

/** The series behind a histogram. A row: a count for each classic bucket, the sum, the native histogram. */
export class HistogramData extends Family<Histogram> {
  readonly shape: HistogramShape;
  readonly bounds: Float64Array;
  /** Counts a value in the row at a place. */
  readonly count: (cells: Float64Array, at: number, value: number | undefined) => void;
  /** Where in a row the sum is; 0 without classic buckets. */
  readonly sum: number;
  /** Where in a row the native histogram begins; 0: there is none. */
  readonly native: number;
  readonly record: (labels: object, value: number, options?: RecordOptions) => void;

  constructor(home: Home, definition: Definition, shape: HistogramShape) {
    const sum = shape.bounds === undefined ? 0 : shape.bounds.length + 1;
    super(home, definition, sum + 1 + (shape.schema === undefined ? 0 : NATIVE_CELLS));
    this.shape = shape;
    const search = bucketSearch(shape.bounds ?? []);
    this.bounds = search.bounds;
    this.sum = sum;
    this.native = shape.schema === undefined ? 0 : sum + 1;
    this.count = counting({ name: this.name, search, sum, native: this.native });
    this.record = this.recorder?.record ?? (() => {});
    this.layOut();
  }

  override recordAt(cells: Float64Array, at: number, value?: number, options?: RecordOptions): void {
    this.count(cells, at, value);
    if (options !== undefined) this.exemplarAt(cells, at, value!, options);
  }

  exemplarAt(cells: Float64Array, at: number, value: number, options: RecordOptions): void {
    if (options.exemplar !== undefined) this.exemplar(this.rowAt(cells, at), value, options.exemplar);
  }

  exemplar(row: number, value: number, labels: Readonly<Record<string, string>>): void {
    if (row === -1) return;
    let place = 0;
    while (value > this.bounds[place]!) place++;
    if (this.exemplars === undefined) this.home.watcher?.mustAsk(this as unknown as Family);
    keepExemplar((this.exemplars ??= new Map()), { row, place }, { labels, value, timestamp: this.home.clock.time() });
  }

  /** Where the handle of a removed series writes: nobody reads it. Its own, since a native histogram reads what it wrote. */
  scratch(): Float64Array {
    const cells = new Float64Array(this.rows.stride);
    if (this.native !== 0) nativeReset(cells, this.native, this.shape.schema!);
    return cells;
  }

  /** A row, for people; empty for row -1. */
  point(row: number): HistogramPoint {
    if (row === -1) return { count: 0, sum: 0, buckets: [] };
    const at = this.placeOf(row);
    const cells = this.cellsOf(row).slice(at, at + this.rows.stride);
    const { bounds } = this.shape;
    const native = this.native === 0 ? {} : { natives: [nativeRead(cells, this.native)] };
    const values = cells.subarray(0, this.sum + 1);
    return new FamilySnapshot({
      name: this.name,
      type: "histogram",
      help: "",
      table: this.table,
      length: 1,
      values,
      ...(bounds === undefined ? {} : { bounds }),
      ...native,
    }).histogram();
  }

  /** An empty row's native histogram starts at its finest schema. */
  protected override prepare(row: number): void {
    if (this.native !== 0) nativeReset(this.cellsOf(row), this.placeOf(row) + this.native, this.shape.schema!);
  }

  protected override points(length: number): Pick<FamilyData, "values" | "bounds" | "natives"> {
    return histogramPoints(this.rows.copy(length), length, { stride: this.rows.stride, bounds: this.shape.bounds, native: this.native });
  }

  protected override get isPlain(): boolean {
    return this.native === 0;
  }

  protected override makeChild(row: number): Histogram {
    return new Histogram(this, row);
  }
}

function counting(histogram: { name: string; search: BucketSearch; sum: number; native: number }): HistogramData["count"] {
  const { name, sum, native } = histogram;
  const { bounds, guesses, crowded } = histogram.search;
  // A bundler makes variables of a module's constants, which V8 then loads anew each time: 9.5 against 7.6 ns.
  const double = DOUBLE;
  const words = WORDS;
  // The usual histogram by itself, without what it does not need: V8 inlines short functions only (lookup.ts).
  const countClassic: HistogramData["count"] = (cells, at, value) => {
    // value - value is 0 for finite numbers alone.
    if (typeof value !== "number" || value - value !== 0) throw notAnObservation(value, name);
    double[0] = value;
    const k = guesses[words[1]! >>> 18]!;
    cells[at + k + +(value > bounds[k]!)]! += 1;
    cells[at + sum]! += value;
  };
  if (sum !== 0 && native === 0 && !crowded) return countClassic;
  return (cells, at, value) => {
    if (typeof value !== "number" || value - value !== 0) throw notAnObservation(value, name);
    if (sum !== 0) {
      double[0] = value;
      let k = guesses[words[1]! >>> 18]!;
      k += +(value > bounds[k]!);
      if (crowded) while (value > bounds[k]!) k++;
      cells[at + k]! += 1;
    }
    cells[at + sum]! += value;
    if (native !== 0) nativeObserve(cells, at + native, value);
  };
}

/**
 * A histogram with labels.
 *
 * @example
 * const latency = metrics.histogram("detection_latency_seconds", { help: "Time to detect.", labels: ["model"] });
 * latency.observe({ model: "owlv2" }, 0.15);
 * const found = await latency.time({ model: "owlv2" }, () => model.detect(frame));
 */
export class HistogramFamily<L extends object = Labels> {
  readonly #data: HistogramData;
  /** Counts a value in the series of these labels. Throws VALUE_INVALID for NaN and infinities, and the label errors at first sight of a label set. */
  readonly observe: (labels: L, value: number, options?: RecordOptions) => void;

  /** @internal Made by a registry. */
  constructor(data: HistogramData) {
    this.#data = data;
    this.observe =
      data.definition.expireAfterMs === undefined ? data.record : (labels, value, options) => this.labels(labels).observe(value, options);
  }

  /** Starts a timer for these labels. With some labels left out it is not disposable, and `stop` takes the rest. */
  startTimer(labels: L): Timer;
  startTimer<P extends Partial<L>>(labels?: P): PendingTimer<Omit<L, keyof P>>;
  startTimer(labels?: Partial<L>): Timer {
    return new Timer(this.#data.home.clock, this.observe, labels);
  }

  /** Runs `work` and observes its seconds under these labels, also when it fails. Returns its result; awaits a promise. */
  time<T>(labels: L, work: () => T): T {
    const own = { ...labels }; // the caller may change the object before the work is done
    return timed(this.#data.home.clock, { record: (seconds) => this.observe(own, seconds), work });
  }

  /** The series of these labels, held: for hot code, it costs no look-up. */
  labels(labels: L): Histogram {
    return expiring(this.#data, labels, ["observe"]);
  }

  /** What was observed in a series so far, to read quantiles from; empty where there is none. */
  distribution(labels: L): Distribution {
    return new Distribution(this.#data.point(this.#data.existingRow(labels)));
  }

  /** Count, sum and mean of a series. */
  statistics(labels: L): Statistics {
    return this.distribution(labels).statistics();
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

export const notAnObservation = (value: unknown, name: string): InferometerError =>
  new InferometerError(
    "VALUE_INVALID",
    `${name} cannot observe ${shown(value)}: one such value would spoil its sum for ever. Pass a finite number (seconds, bytes …).`,
  );
