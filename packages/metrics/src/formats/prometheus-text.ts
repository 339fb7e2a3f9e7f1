import type { FamilySnapshot, MetricType, Snapshot } from "../core/snapshot.ts";
import { type Dialect, escaped, rowWriter } from "./exposition.ts";
import type { Format } from "./format.ts";
import { boundText } from "./number-text.ts";
import { type FamilyText, type TextWriter, textFormat, textOf } from "./text-format.ts";

/** Text 0.0.4 has five types; what it lacks is written as what it looks like there. */
const TYPES: Readonly<Record<MetricType, string>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  gaugehistogram: "histogram",
  summary: "summary",
  info: "gauge",
  stateset: "gauge",
  unknown: "untyped",
};

const WRITER: TextWriter = { begin: "", family: familyText, end: "" };

/**
 * Prometheus' text format 0.0.4, which every scraper reads. It has no units, exemplars, beginnings or native histograms: of a histogram
 * that has only native buckets it shows the +Inf bucket, the sum and the count.
 *
 * @example
 * response.setHeader("content-type", prometheusText.contentType).end(prometheusText.encode(metrics.snapshot()));
 */
export const prometheusText: Format = textFormat("prometheus-text", "text/plain; version=0.0.4; charset=utf-8", () => WRITER);

/** A snapshot in Prometheus' text format 0.0.4, as a string. */
export function toPrometheus(snapshot: Snapshot): string {
  return textOf(snapshot, WRITER);
}

const always = (): boolean => true;

function familyText(family: FamilySnapshot): FamilyText {
  const { name } = family;
  // Only a help's backslashes and line feeds are escaped here, not its quotes.
  const help = family.help === "" ? "" : `# HELP ${name} ${family.help.replace(/[\\\n]/g, escaped)}\n`;
  const dialect: Dialect = {
    names: { value: name, bucket: `${name}_bucket`, sum: `${name}_sum`, count: `${name}_count`, created: undefined },
    bound: boundText,
    time: (seconds) => `${Math.round(seconds * 1000)}`,
    allowsTotal: always,
    allowsSum: always,
    allowsQuantile: always,
  };
  return { head: `${help}# TYPE ${name} ${TYPES[family.type]}\n`, row: rowWriter(family, dialect), tail: "" };
}
