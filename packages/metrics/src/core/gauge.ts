import { InferometerError, shown } from "./errors.ts";
import { expiring } from "./expiry.ts";
import { type Child, type Definition, Family, type Home } from "./family.ts";
import type { Labels } from "./labels.ts";

const NOWHERE = new Float64Array(1);

/**
 * A value that goes up and down: a gauge without labels, or one series of a GaugeFamily, held.
 *
 * @example
 * const tracks = metrics.gauge("active_tracks", { help: "Tracks that are alive." });
 * tracks.set(15);
 */
export class Gauge implements Child {
  readonly #family: GaugeData;
  #cells: Float64Array = NOWHERE;
  #at = 0;

  /** @internal Made by a registry or a family. */
  constructor(family: GaugeData, row: number) {
    this.#family = family;
    this.attach(row);
  }

  /** Sets the value; infinities are allowed. Throws VALUE_INVALID for NaN and for what is no number: a series whose value is not known is removed. */
  set(value: number): void {
    if (typeof value !== "number" || value !== value) throw notAValue(value, this.#family.name);
    this.#cells[this.#at] = value;
  }

  /** Adds `by` (default 1). Throws VALUE_INVALID for NaN and for what is no number. */
  inc(by = 1): void {
    if (typeof by !== "number" || by !== by) throw notAValue(by, this.#family.name);
    this.#cells[this.#at]! += by;
  }

  /** Takes `by` (default 1) away. Throws VALUE_INVALID for NaN and for what is no number. */
  dec(by = 1): void {
    if (typeof by !== "number" || by !== by) throw notAValue(by, this.#family.name);
    this.#cells[this.#at]! -= by;
  }

  /** Sets the value to the seconds since 1970. */
  setToCurrentTime(): void {
    this.set(this.#family.home.clock.time());
  }

  /** The value; 0 after its series was removed. */
  value(): number {
    return this.#cells === NOWHERE ? 0 : this.#cells[this.#at]!;
  }

  /** @internal */
  attach(row: number): void {
    this.#cells = row === -1 ? NOWHERE : this.#family.cellsOf(row);
    this.#at = row === -1 ? 0 : this.#family.placeOf(row);
  }
}

/** The series behind a gauge; with labels or without. */
export class GaugeData extends Family<Gauge> {
  readonly record: (labels: object, value: number) => void;

  constructor(home: Home, definition: Definition) {
    super(home, definition, 1);
    this.record = this.recorder?.record ?? (() => {});
    this.layOut();
  }

  override recordAt(cells: Float64Array, at: number, value?: number): void {
    if (typeof value !== "number" || value !== value) throw notAValue(value, this.name);
    cells[at] = value;
  }

  protected override makeChild(row: number): Gauge {
    return new Gauge(this, row);
  }
}

/**
 * A gauge with labels.
 *
 * @example
 * const memory = metrics.gauge("memory_usage_bytes", { help: "Memory in use.", labels: ["type"] });
 * memory.set({ type: "rss" }, process.memoryUsage.rss());
 */
export class GaugeFamily<L extends object = Labels> {
  readonly #data: GaugeData;
  /** Sets the series of these labels; infinities are allowed. Throws VALUE_INVALID for NaN, and the label errors at first sight of a label set. */
  readonly set: (labels: L, value: number) => void;

  /** @internal Made by a registry. */
  constructor(data: GaugeData) {
    this.#data = data;
    this.set = data.definition.expireAfterMs === undefined ? data.record : (labels, value) => this.labels(labels).set(value);
  }

  /** Adds `by` (default 1). */
  inc(labels: L, by = 1): void {
    this.labels(labels).inc(by);
  }

  /** Takes `by` (default 1) away. */
  dec(labels: L, by = 1): void {
    this.labels(labels).dec(by);
  }

  /** The series of these labels, held: for hot code, it costs no look-up. */
  labels(labels: L): Gauge {
    return expiring(this.#data, labels, ["set", "inc", "dec"]);
  }

  /** The value of a series; 0 where there is none. */
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

const notAValue = (value: unknown, name: string): InferometerError =>
  new InferometerError("VALUE_INVALID", `${name} cannot take ${shown(value)}. Pass a number; to say that a value is not known, remove its series.`);
