import type { Gauge } from "../../core/gauge.ts";

const BALANCES: WeakMap<Gauge, Balance> = new WeakMap();

/**
 * A gauge that shows what came in less what went out, and never less than 0: frames in flight, active tracks. The difference itself may be
 * below 0 for a while, so that the order of the calls does not matter, and for good where only what goes out is told.
 */
export class Balance {
  readonly #gauge: Gauge;
  #difference = 0;

  /** The one of this gauge, whoever asks. */
  static of(gauge: Gauge): Balance {
    let balance = BALANCES.get(gauge);
    if (balance === undefined) BALANCES.set(gauge, (balance = new Balance(gauge)));
    return balance;
  }

  private constructor(gauge: Gauge) {
    this.#gauge = gauge;
  }

  /** Adds what came in; below 0: what went out. */
  add(count: number): void {
    const shown = this.#gauge.value();
    // Somebody set the gauge, or reset the registry: go on from there.
    if (shown !== Math.max(0, this.#difference)) this.#difference = shown;
    this.#difference += count;
    this.#gauge.set(Math.max(0, this.#difference));
  }
}
