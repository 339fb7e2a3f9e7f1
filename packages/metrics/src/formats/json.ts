import { type Exemplar, type FamilySnapshot, isHistogram, type Snapshot } from "../core/snapshot.ts";
import type { Format } from "./format.ts";
import { LabelTexts } from "./label-texts.ts";
import { boundText, numberText } from "./number-text.ts";
import { type FamilyText, type TextWriter, textFormat, textOf } from "./text-format.ts";

/**
 * JSON for programs and people: `{name: {type, help, unit?, rule?, samples: [{labels, value, timestamp}]}}`, a sample a line.
 *
 *   value       always a number; the strings "NaN", "+Inf" and "-Inf" where JSON has none
 *   timestamp   seconds since 1970: of the snapshot, or the sample's own, and then `"timestamped": true` stands beside it
 *   name        the sample's, in a histogram (`x_bucket` with the label `le`, cumulative; `x_sum`; `x_count`) and a summary
 *   created, exemplars, native   on a counter's sample or on `x_count`: what the text formats cannot carry all of, so that `parseJson`
 *               gives back the same snapshot
 *
 * @example
 * const { fps } = await (await fetch("http://127.0.0.1:9090/metrics.json")).json(); // { type: "gauge", samples: [{ labels: {}, value: 29.7, … }] }
 */
export const json: Format = textFormat("json", "application/json", writerOf);

/** A snapshot in JSON, as a string. */
export function toJson(snapshot: Snapshot): string {
  return textOf(snapshot, writerOf(snapshot));
}

function writerOf(snapshot: Snapshot): TextWriter {
  return { begin: "{", family: (family, index) => familyText(family, index, snapshot.timestamp), end: "}\n" };
}

function familyText(family: FamilySnapshot, index: number, snapshotTime: number): FamilyText {
  let head = `${index === 0 ? "\n" : ",\n"}${JSON.stringify(family.name)}:{"type":"${family.type}","help":${JSON.stringify(family.help)}`;
  if (family.unit !== "") head += `,"unit":${JSON.stringify(family.unit)}`;
  if (family.rule !== "sum") head += `,"rule":"${family.rule}"`;
  const samples = samplesOf(family);
  const labelTexts = new LabelTexts(family, (name, value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const { timestamps } = family;
  const row = (row: number): string => {
    const own = timestamps?.[row] ?? Number.NaN;
    const stamp = Number.isNaN(own) ? `"timestamp":${numberText(snapshotTime)}` : `"timestamp":${numberText(own)},"timestamped":true`;
    const text = samples(row, labelTexts.of(row), stamp);
    return row === 0 ? text.slice(1) : text;
  };
  return { head: `${head},"samples":[`, row, tail: "]}" };
}

/** Writes a row's samples, each with a comma before it. */
type Samples = (row: number, labels: string, stamp: string) => string;

const samplesOf = (family: FamilySnapshot): Samples => {
  if (isHistogram(family.type)) return histogramSamples(family);
  if (family.type === "summary") return summarySamples(family);
  return (row, labels, stamp) => `,\n{"labels":{${labels}},"value":${valueText(family.values[row]!)},${stamp}${extrasOf(family, row)}}`;
};

function histogramSamples(family: FamilySnapshot): Samples {
  const { name, values, stride, bounds } = family;
  const suffix = family.type === "gaugehistogram" ? "g" : "";
  const uppers = bounds === undefined ? [] : [...bounds, Number.POSITIVE_INFINITY].map((bound) => `"le":"${boundText(bound)}"`);
  return (row, labels, stamp) => {
    let text = "";
    let count = 0;
    for (let k = 0; k < uppers.length; k++) {
      const inBucket = values[row * stride + k]!;
      if (Number.isNaN(inBucket)) continue;
      count += inBucket;
      text += named(`${name}_bucket`, labels === "" ? uppers[k]! : `${labels},${uppers[k]}`, count, stamp, "");
    }
    if (bounds === undefined) count = family.value(row);
    text += named(`${name}_${suffix}sum`, labels, values[(row + 1) * stride - 1]!, stamp, "");
    return text + named(`${name}_${suffix}count`, labels, count, stamp, extrasOf(family, row));
  };
}

function summarySamples(family: FamilySnapshot): Samples {
  const { name, values, stride } = family;
  const quantiles = (family.quantiles ?? []).map((quantile) => `"quantile":"${boundText(quantile)}"`);
  return (row, labels, stamp) => {
    const start = row * stride;
    let text = "";
    for (let k = 0; k < quantiles.length; k++)
      text += named(name, labels === "" ? quantiles[k]! : `${labels},${quantiles[k]}`, values[start + 2 + k]!, stamp, "");
    text += named(`${name}_sum`, labels, values[start + 1]!, stamp, "");
    return text + named(`${name}_count`, labels, values[start]!, stamp, extrasOf(family, row));
  };
}

const named = (name: string, labels: string, value: number, stamp: string, extras: string): string =>
  `,\n{"name":"${name}","labels":{${labels}},"value":${valueText(value)},${stamp}${extras}}`;

const valueText = (value: number): string => (Number.isFinite(value) ? numberText(value) : `"${numberText(value)}"`);

function extrasOf(family: FamilySnapshot, row: number): string {
  let text = "";
  const created = family.created?.[row] ?? Number.NaN;
  if (!Number.isNaN(created)) text += `,"created":${numberText(created)}`;
  const exemplars = family.exemplars?.get(row);
  if (exemplars !== undefined && exemplars.length > 0) text += `,"exemplars":[${exemplars.map(exemplarText).join(",")}]`;
  const native = family.natives?.[row];
  if (native !== undefined) text += `,"native":${JSON.stringify(native)}`;
  return text;
}

function exemplarText(exemplar: Exemplar): string {
  const time = exemplar.timestamp === undefined ? "" : `,"timestamp":${numberText(exemplar.timestamp)}`;
  return `{"labels":${JSON.stringify(exemplar.labels)},"value":${valueText(exemplar.value)}${time}}`;
}
