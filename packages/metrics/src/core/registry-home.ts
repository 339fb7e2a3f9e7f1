import { Arena } from "./arena.ts";
import type { Clock } from "./clock.ts";
import type { Collector } from "./collector.ts";
import { InferometerError, shown } from "./errors.ts";
import type { Home, RegistryWatcher } from "./family.ts";
import { cleanLabelValue, type Labels } from "./labels.ts";
import { checkLabelName } from "./names.ts";

/** Counts what went to overflow series. */
export const OVERFLOW_NAME = "inferometer_series_overflow_total";

/** Counts what a metric's read function failed at. */
export const CALLBACK_NAME = "inferometer_callback_errors_total";
/** Labels of our own metrics. */
const OWN_LABELS: readonly string[] = ["metric", "collector"];
/** Metrics that tell of us, not of the program, have no namespace. */
export const isOwn = (metric: string): boolean => metric.startsWith("inferometer_") || metric.startsWith("scrape_collector_");

/** Checks the labels of a whole registry. Throws LABEL_NAME_INVALID, LABEL_VALUE_INVALID. */
export function constantLabels(labels: Labels): (readonly [name: string, value: string])[] {
  return Object.entries(labels).map(([name, value]) => {
    for (const type of ["histogram", "summary"] as const) checkLabelName(name, "the registry", type);
    if (OWN_LABELS.includes(name))
      throw new InferometerError("LABEL_NAME_INVALID", `Label ${shown(name)} of the registry: a metric of our own has it. Choose another name.`);
    if (typeof value !== "string")
      throw new InferometerError("LABEL_VALUE_INVALID", `Label ${shown(name)} of the registry is ${shown(value)}. Label values are strings.`);
    return [name, cleanLabelValue(value)] as const;
  });
}

/** What a registry's families share: memory, time, constant labels and the limit of series. */
export class RegistryHome implements Home {
  readonly arena: Arena = new Arena();
  readonly clock: Clock;
  readonly constants: readonly (readonly [name: string, value: string])[];
  watcher: RegistryWatcher | undefined;
  collector: Collector | undefined;
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
