import { Arena } from "./arena.ts";
import type { Clock } from "./clock.ts";
import type { Home, RegistryWatcher } from "./family.ts";

/** Counts what went to overflow series. */
export const OVERFLOW_NAME = "inferometer_series_overflow_total";

/** Counts what a metric's read function failed at. */
export const CALLBACK_NAME = "inferometer_callback_errors_total";
/** Labels of our own metrics. */
export const OWN_LABELS: readonly string[] = ["metric", "collector"];
/** Metrics that tell of us, not of the program, have no namespace. */
export const isOwn = (metric: string): boolean => metric.startsWith("inferometer_") || metric.startsWith("scrape_collector_");

/** What a registry's families share: memory, time, constant labels and the limit of series. */
export class RegistryHome implements Home {
  readonly arena: Arena = new Arena();
  readonly clock: Clock;
  readonly constants: readonly (readonly [name: string, value: string])[];
  watcher: RegistryWatcher | undefined;
  readonly #limit: number;
  readonly #onOverflow: (metric: string) => void;
  #series = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly constants: readonly (readonly [string, string])[];
    readonly seriesLimit: number;
    readonly onOverflow: (metric: string) => void;
  }) {
    this.clock = options.clock;
    this.constants = options.constants;
    this.#limit = options.seriesLimit;
    this.#onOverflow = options.onOverflow;
  }

  hasRoom(metric: string): boolean {
    return this.#series < this.#limit || isOwn(metric); // what tells of a full registry must have room in it
  }

  countSeries(change: number): void {
    this.#series += change;
  }

  countOverflow(metric: string): void {
    // The counter of overflows must not count its own.
    if (metric !== OVERFLOW_NAME) this.#onOverflow(metric);
  }
}
