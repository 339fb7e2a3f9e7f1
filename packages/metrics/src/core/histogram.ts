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

const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

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
  readonly #bounds: Float64Array;
  readonly #guesses: Uint8Array | Uint16Array;
  readonly #native: number;
  readonly #sum: number;
  #cells: Float64Array = new Float64Array(0);
  #at = 0;
  #row = -1;

  /** @internal Made by a registry or a family. */
  constructor(family: HistogramData) {
    this.#family = family;
    this.#bounds = family.search.bounds;
    this.#guesses = family.search.guesses;
    this.#native = family.native;
    this.#sum = family.sum;
  }

  /**
   * Counts a value. Throws VALUE_INVALID for NaN and infinities: one of them would spoil the sum for ever.
   * `options.exemplar`: labels of a trace that this observation belongs to.
   */
  observe(value: number, options?: RecordOptions): void {
    // value - value is 0 for finite numbers alone.
    if (typeof value !== "number" || value - value !== 0) throw notAnObservation(value, this.#family.name);
    const cells = this.#cells;
    const at = this.#at;
    if (this.#sum !== 0) {
      f64[0] = value;
      let k = this.#guesses[u32[1]! >>> 18]!;
      while (value > this.#bounds[k]!) k++;
      cells[at + k]! += 1;
    }
    cells[at + this.#sum]! += value;
    if (this.#native !== 0) nativeObserve(cells, at + this.#native, value);
    if (options !== undefined && options.exemplar !== undefined) this.#family.exemplar(this.#row, value, options.exemplar);
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
    return new Distribution(this.#family.point(this.#row));
  }

  /** Count, sum and mean of what was observed so far. */
  statistics(): Statistics {
    return this.distribution().statistics();
  }

  /** @internal */
  attach(row: number): void {
    this.#row = row;
    this.#cells = row === -1 ? this.#family.scratch() : this.#family.cellsOf(row);
    this.#at = row === -1 ? 0 : this.#family.placeOf(row);
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
  readonly search: BucketSearch;
  /** Where in a row the sum is; 0 without classic buckets. */
  readonly sum: number;
  /** Where in a row the native histogram begins; 0: there is none. */
  readonly native: number;
  readonly record: (labels: object, value: number, options?: RecordOptions) => void;

  constructor(home: Home, definition: Definition, shape: HistogramShape) {
    const sum = shape.bounds === undefined ? 0 : shape.bounds.length + 1;
    super(home, definition, sum + 1 + (shape.schema === undefined ? 0 : NATIVE_CELLS));
    this.shape = shape;
    this.search = bucketSearch(shape.bounds ?? []);
    this.sum = sum;
    this.native = shape.schema === undefined ? 0 : sum + 1;
    this.record = this.recorder?.record ?? (() => {});
    this.layOut();
  }

  override recordAt(cells: Float64Array, at: number, value?: number, options?: RecordOptions): void {
    if (typeof value !== "number" || value - value !== 0) throw notAnObservation(value, this.name);
    if (this.sum !== 0) {
      const { bounds, guesses } = this.search;
      f64[0] = value;
      let k = guesses[u32[1]! >>> 18]!;
      while (value > bounds[k]!) k++;
      cells[at + k]! += 1;
    }
    cells[at + this.sum]! += value;
    if (this.native !== 0) nativeObserve(cells, at + this.native, value);
    if (options !== undefined && options.exemplar !== undefined) this.exemplar(this.rowAt(cells, at), value, options.exemplar);
  }

  exemplar(row: number, value: number, labels: Readonly<Record<string, string>>): void {
    if (row === -1) return;
    let place = 0;
    while (value > this.search.bounds[place]!) place++;
    if (this.exemplars.size === 0) this.home.watcher?.mustAsk(this as unknown as Family);
    keepExemplar(this.exemplars, { row, place }, { labels, value, timestamp: this.home.clock.time() });
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

  protected override makeChild(): Histogram {
    return new Histogram(this);
  }
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
