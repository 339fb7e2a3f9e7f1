import { checkedBuckets, latencyBuckets } from "./buckets.ts";
import { type Duration, parseDuration } from "./duration.ts";
import { InferometerError, shown } from "./errors.ts";
import type { Definition } from "./family.ts";
import type { HistogramShape } from "./histogram.ts";
import { declaredLabels, type LabelSpec } from "./labels.ts";
import { checkLabelName, checkMetricName, lintMetric } from "./names.ts";
import type { MergeRule, MetricType } from "./snapshot.ts";
import type { SummaryShape } from "./summary.ts";

/** "warn" (the process is warned, once a metric), "throw" (NAME_INVALID: for tests and CI) or "off". */
export type LintMode = "warn" | "throw" | "off";

/** What every metric is declared with. */
export interface MetricOptions {
  /** A sentence: what is measured, in which unit. */
  readonly help: string;
  /** The unit that the name ends in (before `_total`), for OpenMetrics' UNIT line, such as "seconds". Default: none. */
  readonly unit?: string;
  /** Most series of this metric; what is beyond goes to one series whose labels are all `__overflow__`. Default 10 000. */
  readonly seriesLimit?: number;
  /** Drops a series that was not recorded to for so long, such as "10m". Default: never. Recording through labels then costs a little more. */
  readonly expireAfter?: Duration;
  /** What happens to a name that `promtool check metrics` would complain of. Default: the registry's. */
  readonly lint?: LintMode;
}

export interface GaugeOptions extends MetricOptions {
  /** How the gauge is added up over threads, processes and instances. Default "sum". */
  readonly merge?: MergeRule;
  /** "unknown" for a number taken over from elsewhere of which nobody says whether it only grows; Prometheus calls it untyped. Default "gauge". */
  readonly type?: "gauge" | "unknown";
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending, without +Inf. Default `latencyBuckets`, or none where `native` is given. */
  readonly buckets?: readonly number[];
  /** Native (exponential) buckets: no bounds to choose, 160 at the finest resolution that fits, read by Prometheus over protobuf. Default: none. */
  readonly native?: {
    /** Finest resolution, 0 (factor 2) to 8 (factor 1.0027). Default 5 (factor 1.022). */
    readonly schema?: number;
  };
}

export interface SummaryOptions extends MetricOptions {
  /** Quantiles to expose, 0 to 1. Default 0.5, 0.9, 0.99. */
  readonly quantiles?: readonly number[];
  /** How far back quantiles look. Default "10m". */
  readonly maxAge?: Duration;
  /** In how many parts the window slides. Default 5. */
  readonly ageBuckets?: number;
}

const DEFAULT_SERIES_LIMIT = 10_000;

/** Checks what a metric is declared with. Throws NAME_INVALID, HELP_MISSING, LABEL_NAME_INVALID, OPTION_INVALID, DURATION_INVALID. */
export function checkedDefinition(
  name: string,
  options: GaugeOptions & { readonly labels?: LabelSpec },
  context: { readonly type: MetricType; readonly constants: readonly (readonly [string, string])[]; readonly lint: LintMode },
): Definition {
  const { type } = context;
  checkMetricName(name, type);
  if (typeof options !== "object" || options === null || typeof options.help !== "string" || options.help.trim() === "") {
    throw new InferometerError("HELP_MISSING", `${name} has no help text. Say in a sentence what it measures: { help: "Frames processed." }.`);
  }
  const labels = declaredLabels(options.labels, name);
  for (const label of labels.names) {
    checkLabelName(label, name, type === "stateset" ? "gauge" : type);
    if (context.constants.some(([constant]) => constant === label)) {
      throw new InferometerError(
        "LABEL_NAME_INVALID",
        `Label ${shown(label)} of ${name} is a label of the whole registry already. Choose another name.`,
      );
    }
  }
  const unit = options.unit ?? "";
  if (unit !== "" && !name.replace(/_(total|info)$/, "").endsWith(`_${unit}`)) {
    throw new InferometerError(
      "NAME_INVALID",
      `${name} has the unit ${shown(unit)}, but its name does not end in it. Call it …_${unit}${type === "counter" ? "_total" : ""}.`,
    );
  }
  lint({ name, type, help: options.help, labelNames: labels.names }, options.lint ?? context.lint);
  const rule = options.merge ?? "sum";
  if (!["sum", "min", "max", "mean", "last"].includes(rule)) throw invalid(name, `merge is ${shown(rule)}`, '"sum", "min", "max", "mean" or "last"');
  const seriesLimit = options.seriesLimit ?? DEFAULT_SERIES_LIMIT;
  if (!(seriesLimit >= 1)) throw invalid(name, `seriesLimit is ${shown(seriesLimit)}`, "a number of at least 1");
  const expireAfterMs = options.expireAfter === undefined ? undefined : parseDuration(options.expireAfter);
  if (expireAfterMs === 0) throw invalid(name, `expireAfter is ${shown(options.expireAfter)}`, 'a time above 0, such as "10m"');
  return { name, type, help: options.help, unit, labels, rule, seriesLimit, expireAfterMs };
}

const warned = new Set<string>();

function lint(metric: Parameters<typeof lintMetric>[0], mode: LintMode): void {
  if (!["warn", "throw", "off"].includes(mode)) throw invalid(metric.name, `lint is ${shown(mode)}`, '"warn", "throw" or "off"');
  const problems = mode === "off" ? [] : lintMetric(metric);
  if (problems.length === 0) return;
  const text = `${metric.name}: ${problems.map((problem) => problem.text).join("; ")}. To keep it all the same, pass lint: "off".`;
  if (mode === "throw") throw new InferometerError("NAME_INVALID", text);
  if (warned.has(metric.name)) return;
  warned.add(metric.name);
  // Core runs in browsers too, where there is no process to warn.
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } };
  if (process?.emitWarning !== undefined) process.emitWarning(text, "InferometerWarning");
  else console.warn(text);
}

/** Throws BUCKETS_INVALID, OPTION_INVALID. */
export function checkedHistogram(name: string, options: HistogramOptions): HistogramShape {
  const { native } = options;
  if (native !== undefined && (typeof native !== "object" || native === null))
    throw invalid(name, `native is ${shown(native)}`, "an object, such as {} or { schema: 3 }");
  const buckets = options.buckets ?? (native === undefined ? latencyBuckets : undefined);
  const schema = native === undefined ? undefined : (native.schema ?? 5);
  if (schema !== undefined && !(Number.isInteger(schema) && schema >= 0 && schema <= 8))
    throw invalid(name, `native.schema is ${shown(schema)}`, "a whole number from 0 to 8");
  return { bounds: buckets === undefined ? undefined : checkedBuckets(buckets), schema };
}

/** Throws OPTION_INVALID, DURATION_INVALID. */
export function checkedSummary(name: string, options: SummaryOptions): SummaryShape {
  const quantiles = options.quantiles ?? [0.5, 0.9, 0.99];
  if (!Array.isArray(quantiles)) throw invalid(name, `quantiles is ${shown(quantiles)}`, "an array of numbers from 0 to 1");
  for (const quantile of quantiles)
    if (!(typeof quantile === "number" && quantile >= 0 && quantile <= 1))
      throw invalid(name, `a quantile is ${shown(quantile)}`, "a number from 0 to 1");
  const ageBuckets = options.ageBuckets ?? 5;
  if (!(Number.isInteger(ageBuckets) && ageBuckets >= 1 && ageBuckets <= 1000))
    throw invalid(name, `ageBuckets is ${shown(ageBuckets)}`, "a whole number from 1 to 1000");
  const maxAgeMs = parseDuration(options.maxAge ?? "10m");
  if (!(maxAgeMs > 0)) throw invalid(name, `maxAge is ${shown(options.maxAge)}`, 'a time such as "10m"');
  return { quantiles: [...new Set(quantiles)].sort((a, b) => a - b), maxAgeMs, ageBuckets };
}

const invalid = (name: string, what: string, way: string): InferometerError =>
  new InferometerError("OPTION_INVALID", `${name}: ${what}. Give ${way}.`);
