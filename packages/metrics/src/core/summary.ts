import { expiring } from "./expiry.ts";
import { type Child, type Definition, Family, type Home } from "./family.ts";
import { notAnObservation } from "./histogram.ts";
import type { Labels } from "./labels.ts";
import { SlidingSketch } from "./sketch.ts";
import type { FamilyData } from "./snapshot.ts";
import { Distribution, type Statistics } from "./statistics.ts";
import { type PendingTimer, Timer, timed } from "./timer.ts";

const NOWHERE = new Float64Array(2);

/**
 * Quantiles over a sliding time window: a summary without labels, or one series of a SummaryFamily, held. Count and sum are of all time, as
 * Prometheus wants them; quantiles are of the last `maxAge`, with a relative error of at most 1 %. They cannot be added up over instances: where
 * you have several, use a histogram.
 *
 * @example
 * const response = metrics.summary("response_time_seconds", { help: "Time to answer.", maxAge: "10m" });
 * response.observe(0.12);
 * response.distribution().quantile(0.99); // seconds
 */
export class Summary implements Child {
  readonly #family: SummaryData;
  readonly #sketch: SlidingSketch;
  #cells: Float64Array = NOWHERE;
  #at = 0;

  /** @internal Made by a registry or a family. */
  constructor(family: SummaryData, row: number) {
    this.#family = family;
    this.#sketch = family.newSketch();
    this.attach(row);
  }

  /** Counts a value. Throws VALUE_INVALID for NaN and infinities. */
  observe(value: number): void {
    if (typeof value !== "number" || value - value !== 0) throw notAnObservation(value, this.#family.name);
    this.#cells[this.#at]! += 1;
    this.#cells[this.#at + 1]! += value;
    this.#sketch.add(value, this.#family.home.clock.coarse());
  }

  /** Starts a timer that observes its seconds when it stops. */
  startTimer(): Timer {
    return new Timer(this.#family.home.clock, (_labels, seconds) => this.observe(seconds));
  }

  /** Runs `work` and observes its seconds, also when it fails. Returns its result; awaits a promise. */
  time<T>(work: () => T): T {
    return timed(this.#family.home.clock, { record: (seconds) => this.observe(seconds), work });
  }

  /** Count and sum of all time, and the quantiles of the window; empty after its series was removed. */
  distribution(): Distribution {
    if (this.#cells === NOWHERE) return new Distribution({ count: 0, sum: 0, buckets: [] });
    const quantile = (q: number): number => this.#sketch.quantile(q, this.#family.home.clock.now());
    return new Distribution({ count: this.#cells[this.#at]!, sum: this.#cells[this.#at + 1]!, quantile });
  }

  /** Count, sum and mean of all time. */
  statistics(): Statistics {
    return this.distribution().statistics();
  }

  /** @internal Writes count, sum and the quantiles to `values`. */
  read(values: Float64Array, at: number): void {
    values[at] = this.#cells[this.#at]!;
    values[at + 1] = this.#cells[this.#at + 1]!;
    const now = this.#family.home.clock.now();
    this.#family.shape.quantiles.forEach((quantile, k) => {
      values[at + 2 + k] = this.#sketch.quantile(quantile, now);
    });
  }

  /** @internal */
  forget(): void {
    this.#sketch.clear();
  }

  /** @internal */
  attach(row: number): void {
    this.#cells = row === -1 ? NOWHERE : this.#family.cellsOf(row);
    this.#at = row === -1 ? 0 : this.#family.placeOf(row);
    if (row === -1) this.#sketch.clear();
  }
}

/** How a summary looks back. */
export interface SummaryShape {
  readonly quantiles: readonly number[];
  readonly maxAgeMs: number;
  readonly ageBuckets: number;
}

/** The series behind a summary. A row: count and sum; the window is with the handle, which every row has. */
export class SummaryData extends Family<Summary> {
  readonly shape: SummaryShape;
  readonly record: (labels: object, value: number) => void;

  constructor(home: Home, definition: Definition, shape: SummaryShape) {
    super(home, definition, 2);
    this.shape = shape;
    this.record = this.recorder?.record ?? (() => {});
    this.layOut();
  }

  /** A row's window is with its handle, so the record path remembers the row. */
  override get placeIsRow(): boolean {
    return true;
  }

  override recordAt(_cells: Float64Array, row: number, value?: number): void {
    this.childAt(row).observe(value!);
  }

  newSketch(): SlidingSketch {
    const { maxAgeMs, ageBuckets } = this.shape;
    return new SlidingSketch({ windows: ageBuckets, stepMs: maxAgeMs / ageBuckets, now: this.home.clock.now() });
  }

  override reset(): void {
    super.reset();
    for (let row = 0; row < this.table.length; row++) this.childAt(row).forget();
  }

  protected override points(length: number): Pick<FamilyData, "values" | "quantiles"> {
    const { quantiles } = this.shape;
    const values = new Float64Array(length * (2 + quantiles.length));
    for (let row = 0; row < length; row++) this.childAt(row).read(values, row * (2 + quantiles.length));
    return { values, quantiles };
  }

  protected override get isPlain(): boolean {
    return false; // quantiles change as the window slides
  }

  protected override makeChild(row: number): Summary {
    return new Summary(this, row);
  }
}

/**
 * A summary with labels.
 *
 * @example
 * const response = metrics.summary("response_time_seconds", { help: "Time to answer.", labels: ["endpoint"], quantiles: [0.5, 0.99] });
 * response.observe({ endpoint: "/detect" }, 0.12);
 */
export class SummaryFamily<L extends object = Labels> {
  readonly #data: SummaryData;
  /** Counts a value in the series of these labels. Throws VALUE_INVALID for NaN and infinities, and the label errors at first sight of a label set. */
  readonly observe: (labels: L, value: number) => void;

  /** @internal Made by a registry. */
  constructor(data: SummaryData) {
    this.#data = data;
    this.observe = data.definition.expireAfterMs === undefined ? data.record : (labels, value) => this.labels(labels).observe(value);
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
  labels(labels: L): Summary {
    return expiring(this.#data, labels, ["observe"]);
  }

  /** Count and sum of all time and the quantiles of the window of a series; empty where there is none. */
  distribution(labels: L): Distribution {
    const row = this.#data.existingRow(labels);
    return row === -1 ? new Distribution({ count: 0, sum: 0, buckets: [] }) : this.#data.childAt(row).distribution();
  }

  /** Count, sum and mean of a series, of all time. */
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
