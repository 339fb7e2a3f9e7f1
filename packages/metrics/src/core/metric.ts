import type { Counter, CounterFamily } from "./counter.ts";
import type { Gauge, GaugeFamily } from "./gauge.ts";
import type { Histogram, HistogramFamily } from "./histogram.ts";
import type { Info } from "./info.ts";
import type { StateSet, StateSetFamily } from "./state-set.ts";
import type { Summary, SummaryFamily } from "./summary.ts";

/** Any metric of a registry. */
export type Metric =
  | Counter
  | CounterFamily
  | Gauge
  | GaugeFamily
  | Histogram
  | HistogramFamily
  | Summary
  | SummaryFamily
  | Info
  | StateSet
  | StateSetFamily;
