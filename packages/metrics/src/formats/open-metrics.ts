import { type Exemplar, type FamilySnapshot, hasBeginning, type MetricType, type Snapshot } from "../core/snapshot.ts";
import { type Dialect, escaped, quotedPair, rowWriter } from "./exposition.ts";
import type { EncodeOptions, Format } from "./format.ts";
import { canonicalText, numberText } from "./number-text.ts";
import { type FamilyText, type TextWriter, textFormat, textOf } from "./text-format.ts";

/** The most code points that the names and values of an exemplar's labels may have together. */
export const EXEMPLAR_LABEL_LIMIT = 128;

/**
 * OpenMetrics 1.0: text with units, exemplars and the time each series began.
 *
 * Its rules are kept even where a value breaks them, since a strict scraper refuses the whole text for one bad line: a sum that is NaN,
 * negative or beside a negative bound is left out (with the count, as the specification asks), so are a NaN or negative counter, a negative
 * quantile value and an exemplar with more than 128 characters of labels; a counter or info whose bare name another metric has is written
 * as unknown.
 *
 * @example
 * for (const chunk of openMetrics.stream(metrics.snapshot(), { created: false })) response.write(chunk);
 */
export const openMetrics: Format = textFormat("openmetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8", writerOf);

/** A snapshot in OpenMetrics 1.0, as a string. */
export function toOpenMetrics(snapshot: Snapshot, options: EncodeOptions = {}): string {
  return textOf(snapshot, writerOf(snapshot, options));
}

function writerOf(snapshot: Snapshot, options: EncodeOptions): TextWriter {
  return { begin: "", family: (family) => familyText(family, snapshot, options.created ?? true), end: "# EOF\n" };
}

function familyText(family: FamilySnapshot, snapshot: Snapshot, withCreated: boolean): FamilyText {
  const bare = bareName(family);
  const type = isShownAsUnknown(family, snapshot) ? "unknown" : family.type;
  const name = type === "unknown" ? family.name : bare;
  const gauge = type === "gaugehistogram" ? "g" : "";
  const negativeBounds = (family.bounds?.[0] ?? 0) < 0;
  const dialect: Dialect = {
    names: {
      value: name + (type === "counter" ? "_total" : type === "info" ? "_info" : ""),
      bucket: `${name}_bucket`,
      sum: `${name}_${gauge}sum`,
      count: `${name}_${gauge}count`,
      created: withCreated && hasBeginning(type) ? `${name}_created` : undefined,
    },
    bound: canonicalText,
    time: numberText,
    ...(type === "unknown" ? {} : { exemplar: exemplarText }),
    allowsTotal: (total) => total >= 0 || type === "unknown",
    allowsSum: gauge === "" ? (sum) => sum >= 0 && !negativeBounds : (sum) => sum >= 0 || (sum < 0 && negativeBounds),
    allowsQuantile: (value) => !(value < 0),
  };
  return { head: headOf(family, name, type), row: rowWriter(family, dialect), tail: "" };
}

function headOf(family: FamilySnapshot, name: string, type: MetricType): string {
  let head = `# TYPE ${name} ${type}\n`;
  const unitAllowed = type !== "info" && type !== "stateset" && name.endsWith(`_${family.unit}`);
  if (family.unit !== "" && unitAllowed) head += `# UNIT ${name} ${family.unit}\n`;
  if (family.help !== "") head += `# HELP ${name} ${family.help.replace(/[\\"\n]/g, escaped)}\n`;
  return head;
}

/** OpenMetrics names a counter's and an info's family without the suffix of its samples. */
function bareName(family: FamilySnapshot): string {
  const suffix = family.type === "counter" ? "_total" : family.type === "info" ? "_info" : "";
  return suffix !== "" && family.name.endsWith(suffix) ? family.name.slice(0, -suffix.length) : family.name;
}

/** Whether a counter or info is written as unknown, since another family of this snapshot has a name that it takes besides its own. */
export function isShownAsUnknown(family: FamilySnapshot, snapshot: Snapshot): boolean {
  if (family.type !== "counter" && family.type !== "info") return false;
  const bare = bareName(family);
  const [suffixes, twin] = family.type === "counter" ? [["", "_total", "_created"], "info"] : [["", "_info"], "counter"];
  if (suffixes.some((suffix) => bare + suffix !== family.name && snapshot.get(bare + suffix) !== undefined)) return true;
  return snapshot.get(`${bare}${twin === "info" ? "_info" : "_total"}`)?.type === twin;
}

function exemplarText(exemplar: Exemplar): string {
  const labels = Object.entries(exemplar.labels);
  let length = 0;
  for (const [name, value] of labels) length += [...name].length + [...value].length;
  if (length > EXEMPLAR_LABEL_LIMIT) return "";
  const time = exemplar.timestamp === undefined ? "" : ` ${numberText(exemplar.timestamp)}`;
  return ` # {${labels.map(([name, value]) => quotedPair(name, value)).join(",")}} ${numberText(exemplar.value)}${time}`;
}
