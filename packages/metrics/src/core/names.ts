import { InferometerError, shown } from "./errors.ts";
import type { MetricType } from "./snapshot.ts";

/** A complaint of the linter: what is wrong and what to write instead. */
export interface LintProblem {
  readonly metric: string;
  readonly text: string;
}

// The rules of client_golang's promlint, which `promtool check metrics` runs (test/src/lint-judge.test.ts holds us to it).
const BASE_UNIT_OF: Readonly<Record<string, string>> = {
  amperes: "amperes",
  bytes: "bytes",
  celsius: "celsius",
  grams: "grams",
  joules: "joules",
  kelvin: "kelvin",
  meters: "meters",
  metres: "metres",
  seconds: "seconds",
  volts: "volts",
  minutes: "seconds",
  hours: "seconds",
  days: "seconds",
  weeks: "seconds",
  kelvins: "kelvin",
  fahrenheit: "celsius",
  rankine: "celsius",
  inches: "meters",
  yards: "meters",
  miles: "meters",
  bits: "bytes",
  calories: "joules",
  pounds: "grams",
  ounces: "grams",
};
const SI_PREFIXES = [
  "pico",
  "nano",
  "micro",
  "milli",
  "centi",
  "deci",
  "deca",
  "hecto",
  "kilo",
  "kibi",
  "mega",
  "mibi", // promlint's slip of the pen; mebi is meant
  "mebi",
  "giga",
  "gibi",
  "tera",
  "tebi",
  "peta",
  "pebi",
];
const ABBREVIATIONS = new Set(["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"]);
const TYPE_WORDS = new Set(["counter", "gauge", "histogram", "summary"]);

/** Throws NAME_INVALID unless `name` (with namespace) may be a metric's. */
export function checkMetricName(name: string, type: MetricType): void {
  const refuse = (way: string): never => {
    throw new InferometerError("NAME_INVALID", `Metric name ${shown(name)}: ${way}.`);
  };
  if (typeof name !== "string" || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) refuse("use letters, digits and underscores, not starting with a digit");
  if (name.startsWith("__")) refuse("names that start with two underscores belong to Prometheus; leave them off");
  if (type === "counter" && !/._total$/.test(name)) refuse("a counter's name ends in _total; append it");
  if (type === "info" && !/._info$/.test(name)) refuse("an info's name ends in _info; append it");
  if (type !== "counter" && name.endsWith("_total")) refuse(`_total is for counters and this is a ${type}; leave it off`);
}

/** Throws LABEL_NAME_INVALID unless `label` may be a label of a metric of that type. */
export function checkLabelName(label: string, metric: string, type: MetricType): void {
  const refuse = (way: string): never => {
    throw new InferometerError("LABEL_NAME_INVALID", `Label ${shown(label)} of ${metric}: ${way}.`);
  };
  if (typeof label !== "string" || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) refuse("use letters, digits and underscores, not starting with a digit");
  if (label.startsWith("__")) refuse("labels that start with two underscores belong to Prometheus; leave them off");
  if (label === "le" && type === "histogram") refuse("a histogram writes its buckets' bounds into le; choose another name");
  if (label === "quantile" && type === "summary") refuse("a summary writes its quantiles into quantile; choose another name");
  if (label === metric && type === "stateset") refuse("a state set writes its states into the label of its own name; choose another name");
}

/** What `promtool check metrics` would say of a metric, each with the way out. Empty: clean. */
export function lintMetric(metric: {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labelNames: readonly string[];
}): LintProblem[] {
  const { name, type, help, labelNames } = metric;
  const problems: LintProblem[] = [];
  const say = (text: string) => problems.push({ metric: name, text });
  if (help === "") say("it has no help text; say in a sentence what it measures");
  const words = name.split("_");
  for (const word of words) {
    const unit = baseUnitOf(word);
    if (unit !== undefined && unit !== word) say(`${word} is no base unit; measure in ${unit} and end the name in _${unit}`);
  }
  // These two look for the word behind an underscore: `counter_resets_total` passes, `reset_counter_total` does not.
  for (const word of words.slice(1).map((written) => written.toLowerCase())) {
    if (TYPE_WORDS.has(word)) say(`the name holds the type ${word}; leave it off`);
    if (ABBREVIATIONS.has(word)) say(`${word} is an abbreviated unit; write it out (seconds, bytes …)`);
  }
  if (type !== "unknown") {
    const histogram = type === "histogram" || type === "gaugehistogram";
    const summary = type === "summary";
    if (!histogram && name.endsWith("_bucket")) say("_bucket is what a histogram appends; choose another ending");
    for (const ending of ["_count", "_sum"])
      if (!histogram && !summary && name.endsWith(ending)) say(`${ending} is what histograms and summaries append; choose another ending`);
    if (!histogram && labelNames.includes("le")) say("the label le is for histograms; choose another name");
    if (!summary && labelNames.includes("quantile")) say("the label quantile is for summaries; choose another name");
  }
  if (/[a-z][A-Z]/.test(name)) say("the name is in camelCase; write snake_case");
  for (const label of labelNames) if (/[a-z][A-Z]/.test(label)) say(`the label ${label} is in camelCase; write snake_case`);
  return problems;
}

function baseUnitOf(word: string): string | undefined {
  for (const prefix of ["", ...SI_PREFIXES]) {
    const rest = word.startsWith(prefix) ? word.slice(prefix.length) : "";
    if (Object.hasOwn(BASE_UNIT_OF, rest)) return BASE_UNIT_OF[rest];
  }
  return undefined;
}
