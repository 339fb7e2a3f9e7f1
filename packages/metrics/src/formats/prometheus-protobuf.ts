import { type Exemplar, type FamilySnapshot, isHistogram, type MetricType, type NativeHistogram, type Snapshot } from "../core/snapshot.ts";
import { exemplarsOfBuckets } from "./exemplars.ts";
import { CHUNK_LENGTH, type Format, joined } from "./format.ts";
import { type NativeSpan, type NativeSpans, nativeSpans } from "./native-spans.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/** io.prometheus.client.MetricType; it has no info and no stateset. */
const TYPES: Readonly<Record<MetricType, number>> = {
  counter: 0,
  gauge: 1,
  info: 1,
  stateset: 1,
  summary: 2,
  unknown: 3,
  histogram: 4,
  gaugehistogram: 5,
};

// The fields of github.com/prometheus/client_model/io/prometheus/client/metrics.proto.
const FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
const METRIC = { label: 1, gauge: 2, counter: 3, summary: 4, untyped: 5, timestampMs: 6, histogram: 7 } as const;
const LABEL = { name: 1, value: 2 } as const;
const COUNTER = { value: 1, exemplar: 2, created: 3 } as const;
const SUMMARY = { count: 1, sum: 2, quantile: 3, created: 4 } as const;
const BUCKET = { count: 1, upperBound: 2, exemplar: 3, countFloat: 4 } as const;
const SPAN = { offset: 1, length: 2 } as const;
const QUANTILE = { quantile: 1, value: 2 } as const;
const TIMESTAMP = { seconds: 1, nanos: 2 } as const;
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;
const HISTOGRAM = {
  count: 1,
  sum: 2,
  bucket: 3,
  countFloat: 4,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  zeroCountFloat: 8,
  created: 15,
  exemplar: 16,
} as const;
const NEGATIVE = { span: 9, delta: 10, count: 11 } as const;
const POSITIVE = { span: 12, delta: 13, count: 14 } as const;

/**
 * Prometheus' protobuf format: MetricFamily messages, each behind its length. The one format with native histograms; classic buckets are
 * sent beside them where the metric has both. Families without series are left out.
 *
 * @example
 * if (accept.includes("application/vnd.google.protobuf")) response.setHeader("content-type", prometheusProtobuf.contentType).end(prometheusProtobuf.encode(snapshot));
 */
export const prometheusProtobuf: Format = {
  name: "prometheus-protobuf",
  contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  stream,
  encode: (snapshot) => joined(stream(snapshot)),
};

/** A snapshot in Prometheus' delimited protobuf format. */
export function toProtobuf(snapshot: Snapshot): Uint8Array {
  return joined(stream(snapshot));
}

const NOTHING = new Uint8Array(0);

function* stream(snapshot: Snapshot): Generator<Uint8Array> {
  const out = new ProtobufWriter(CHUNK_LENGTH * 2);
  for (const family of snapshot.families) {
    if (family.length === 0) continue;
    // A family is one message behind its length, so its parts wait until the last is known; the empty chunks let the caller breathe.
    const parts: Uint8Array[] = [];
    let size = 0;
    writeHead(out, family);
    for (let row = 0; row < family.length; row++) {
      writeMetric(out, family, row);
      if (out.length < CHUNK_LENGTH) continue;
      size += out.length;
      parts.push(out.take());
      yield NOTHING;
    }
    size += out.length;
    parts.push(out.take());
    out.varint(size);
    yield out.take();
    yield* parts;
  }
}

function writeHead(out: ProtobufWriter, family: FamilySnapshot): void {
  out.string(FAMILY.name, family.name);
  if (family.help !== "") out.string(FAMILY.help, family.help);
  out.uint(FAMILY.type, TYPES[family.type]);
  if (family.unit !== "") out.string(FAMILY.unit, family.unit);
}

function writeMetric(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const { constants, table, type } = family;
  const metric = out.begin(FAMILY.metric);
  for (const [name, value] of constants) writeLabel(out, METRIC.label, name, value);
  for (let k = 0; k < table.labelNames.length; k++) {
    const value = table.value(row, k);
    if (value !== undefined) writeLabel(out, METRIC.label, table.labelNames[k]!, value);
  }
  if (isHistogram(type)) writeHistogram(out, family, row);
  else if (type === "summary") writeSummary(out, family, row);
  else if (type === "counter") writeCounter(out, family, row);
  else {
    const point = out.begin(type === "unknown" ? METRIC.untyped : METRIC.gauge);
    out.double(1, family.values[row]!);
    out.end(point);
  }
  const seconds = family.timestamps?.[row] ?? Number.NaN;
  if (!Number.isNaN(seconds)) out.int(METRIC.timestampMs, Math.round(seconds * 1000));
  out.end(metric);
}

function writeLabel(out: ProtobufWriter, field: number, name: string, value: string): void {
  const label = out.begin(field);
  out.string(LABEL.name, name);
  out.string(LABEL.value, value);
  out.end(label);
}

function writeCounter(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const counter = out.begin(METRIC.counter);
  out.double(COUNTER.value, family.values[row]!);
  const exemplar = family.exemplars?.get(row)?.at(-1);
  if (exemplar !== undefined) writeExemplar(out, COUNTER.exemplar, exemplar);
  writeCreated(out, COUNTER.created, family, row);
  out.end(counter);
}

function writeSummary(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const summary = out.begin(METRIC.summary);
  const { count, sum, quantiles } = family.summary(row);
  if (isCount(count)) out.uint(SUMMARY.count, count);
  if (!(Number.isNaN(count) && Number.isNaN(sum))) out.double(SUMMARY.sum, sum);
  for (const [rank, value] of quantiles) {
    const quantile = out.begin(SUMMARY.quantile);
    out.double(QUANTILE.quantile, rank);
    out.double(QUANTILE.value, value);
    out.end(quantile);
  }
  writeCreated(out, SUMMARY.created, family, row);
  out.end(summary);
}

function writeHistogram(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const histogram = out.begin(METRIC.histogram);
  const { count, sum, buckets, native } = family.histogram(row);
  // Prometheus has histograms of whole numbers and of floats; a merged or parsed one may need the latter.
  const whole = buckets.every(([, upTo]) => isCount(upTo)) && (native === undefined || isWhole(native));
  if (whole) out.uint(HISTOGRAM.count, count);
  else out.double(HISTOGRAM.countFloat, count);
  out.double(HISTOGRAM.sum, sum);
  const exemplars = family.exemplars?.get(row);
  const ofBuckets = exemplars === undefined ? undefined : exemplarsOfBuckets(family, row, exemplars);
  for (const [upperBound, upTo] of buckets) {
    const bucket = out.begin(HISTOGRAM.bucket);
    if (whole) out.uint(BUCKET.count, upTo);
    else out.double(BUCKET.countFloat, upTo);
    out.double(BUCKET.upperBound, upperBound);
    const exemplar = ofBuckets?.get(upperBound);
    if (exemplar !== undefined) writeExemplar(out, BUCKET.exemplar, exemplar);
    out.end(bucket);
  }
  if (native !== undefined) {
    writeNative(out, native, whole);
    // A receiver ignores those without a time.
    for (const exemplar of exemplars ?? []) if (exemplar.timestamp !== undefined) writeExemplar(out, HISTOGRAM.exemplar, exemplar);
  }
  writeCreated(out, HISTOGRAM.created, family, row);
  out.end(histogram);
}

function writeNative(out: ProtobufWriter, native: NativeHistogram, whole: boolean): void {
  out.sint(HISTOGRAM.schema, native.schema);
  out.double(HISTOGRAM.zeroThreshold, native.zeroThreshold);
  if (whole) out.uint(HISTOGRAM.zeroCount, native.zeroCount);
  else out.double(HISTOGRAM.zeroCountFloat, native.zeroCount);
  writeSide(out, NEGATIVE, nativeSpans(native.negative), whole);
  const positive = nativeSpans(native.positive);
  // An empty span says "native" where nothing else would: the definition asks for it.
  if (positive.spans.length === 0) writeSpan(out, POSITIVE.span, { offset: 0, length: 0 });
  writeSide(out, POSITIVE, positive, whole);
}

function writeSide(out: ProtobufWriter, field: typeof NEGATIVE | typeof POSITIVE, { spans, counts }: NativeSpans, whole: boolean): void {
  for (const span of spans) writeSpan(out, field.span, span);
  if (counts.length === 0) return;
  if (whole) {
    const deltas = counts.map((count, i) => count - (counts[i - 1] ?? 0));
    out.sints(field.delta, deltas);
  } else out.doubles(field.count, counts);
}

function writeSpan(out: ProtobufWriter, field: number, { offset, length }: NativeSpan): void {
  const span = out.begin(field);
  out.sint(SPAN.offset, offset);
  out.uint(SPAN.length, length);
  out.end(span);
}

const isWhole = ({ zeroCount, positive, negative }: NativeHistogram): boolean =>
  isCount(zeroCount) && positive.counts.every(isCount) && negative.counts.every(isCount);

/** What a field of type uint64 can hold; a parsed text may say anything. */
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

function writeExemplar(out: ProtobufWriter, field: number, { labels, value, timestamp }: Exemplar): void {
  const exemplar = out.begin(field);
  for (const [name, text] of Object.entries(labels)) writeLabel(out, EXEMPLAR.label, name, text);
  out.double(EXEMPLAR.value, value);
  if (timestamp !== undefined) writeTimestamp(out, EXEMPLAR.timestamp, timestamp);
  out.end(exemplar);
}

function writeCreated(out: ProtobufWriter, field: number, family: FamilySnapshot, row: number): void {
  const created = family.created?.[row] ?? Number.NaN;
  if (!Number.isNaN(created)) writeTimestamp(out, field, created);
}

/** google.protobuf.Timestamp: whole seconds, and nanoseconds that always count forward. A double holds microseconds of our time, not less. */
function writeTimestamp(out: ProtobufWriter, field: number, at: number): void {
  let seconds = Math.floor(at);
  let microseconds = Math.round((at - seconds) * 1e6);
  if (microseconds === 1e6) {
    seconds++;
    microseconds = 0;
  }
  const timestamp = out.begin(field);
  out.int(TIMESTAMP.seconds, seconds);
  out.uint(TIMESTAMP.nanos, microseconds * 1000);
  out.end(timestamp);
}
