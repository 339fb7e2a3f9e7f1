import {
  type Exemplar,
  type FamilySnapshot,
  isHistogram,
  type MetricType,
  type NativeBuckets,
  type NativeHistogram,
  type Snapshot,
} from "../core/snapshot.ts";
import { exemplarsOfBuckets } from "./exemplars.ts";
import { CHUNK_LENGTH, type Format, joined } from "./format.ts";
import { LabelSpelling } from "./label-spelling.ts";
import { nativeSpans } from "./native-spans.ts";
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

const NOTHING: Uint8Array = new Uint8Array(0);

function* stream(snapshot: Snapshot): Generator<Uint8Array> {
  const out = new ProtobufWriter(CHUNK_LENGTH * 2);
  for (const family of snapshot.families) {
    if (family.length === 0) continue;
    // A family is one message behind its length, so its parts wait until the last is known; the empty chunks let the caller breathe.
    const parts: Uint8Array[] = [];
    let size = 0;
    const metric = metricWriter(out, family);
    familyHead(out, family);
    for (let row = 0; row < family.length; row++) {
      metric(row);
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

function familyHead(out: ProtobufWriter, family: FamilySnapshot): void {
  out.string(FAMILY.name, family.name);
  if (family.help !== "") out.string(FAMILY.help, family.help);
  out.uint(FAMILY.type, TYPES[family.type]);
  if (family.unit !== "") out.string(FAMILY.unit, family.unit);
}

function metricWriter(out: ProtobufWriter, family: FamilySnapshot): (row: number) => void {
  const scratch = new ProtobufWriter(256);
  const labels = new LabelSpelling(family, (name, value) => {
    scratch.string(LABEL.name, name);
    scratch.string(LABEL.value, value);
    return scratch.take();
  });
  const point = pointWriter(out, family);
  let row = 0;
  const body = (): void => {
    for (const pair of labels.constants) out.bytes(METRIC.label, pair);
    for (let k = 0; k < labels.count; k++) {
      const pair = labels.pair(row, k);
      if (pair !== undefined) out.bytes(METRIC.label, pair);
    }
    point(row);
    const seconds = family.timestamps?.[row] ?? Number.NaN;
    if (!Number.isNaN(seconds)) out.int(METRIC.timestampMs, Math.round(seconds * 1000));
  };
  return (which) => {
    row = which;
    out.message(FAMILY.metric, body);
  };
}

function pointWriter(out: ProtobufWriter, family: FamilySnapshot): (row: number) => void {
  const { type, values } = family;
  if (isHistogram(type)) return (row) => out.message(METRIC.histogram, () => writeHistogram(out, family, row));
  if (type === "summary") return (row) => out.message(METRIC.summary, () => writeSummary(out, family, row));
  if (type === "counter") return (row) => out.message(METRIC.counter, () => writeCounter(out, family, row));
  const field = type === "unknown" ? METRIC.untyped : METRIC.gauge;
  let row = 0;
  const body = (): void => out.double(1, values[row]!);
  return (which) => {
    row = which;
    out.message(field, body);
  };
}

function writeCounter(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  out.double(COUNTER.value, family.values[row]!);
  const exemplar = family.exemplars?.get(row)?.at(-1);
  if (exemplar !== undefined) writeExemplar(out, COUNTER.exemplar, exemplar);
  writeCreated(out, COUNTER.created, family, row);
}

function writeSummary(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const { count, sum, quantiles } = family.summary(row);
  if (!Number.isNaN(count)) out.uint(SUMMARY.count, count);
  if (!(Number.isNaN(count) && Number.isNaN(sum))) out.double(SUMMARY.sum, sum);
  for (const [quantile, value] of quantiles) {
    out.message(SUMMARY.quantile, () => {
      out.double(1, quantile);
      out.double(2, value);
    });
  }
  writeCreated(out, SUMMARY.created, family, row);
}

function writeHistogram(out: ProtobufWriter, family: FamilySnapshot, row: number): void {
  const { count, sum, buckets, native } = family.histogram(row);
  // Prometheus has histograms of whole numbers and of floats; a merged or parsed one may need the latter.
  const whole = Number.isInteger(count) && buckets.every(([, upTo]) => Number.isInteger(upTo)) && (native === undefined || isWhole(native));
  if (whole) out.uint(HISTOGRAM.count, count);
  else out.double(HISTOGRAM.countFloat, count);
  out.double(HISTOGRAM.sum, sum);
  const exemplars = family.exemplars?.get(row);
  const ofBuckets = exemplars === undefined ? undefined : exemplarsOfBuckets(family, row, exemplars);
  const bounds = family.bounds ?? [];
  for (const [upperBound, upTo] of buckets) {
    out.message(HISTOGRAM.bucket, () => {
      if (whole) out.uint(BUCKET.count, upTo);
      else out.double(BUCKET.countFloat, upTo);
      out.double(BUCKET.upperBound, upperBound);
      const exemplar = ofBuckets?.[upperBound === Number.POSITIVE_INFINITY ? bounds.length : bounds.indexOf(upperBound)];
      if (exemplar !== undefined) writeExemplar(out, BUCKET.exemplar, exemplar);
    });
  }
  if (native !== undefined) {
    writeNative(out, native, whole);
    // The receiver ignores those without a time.
    for (const exemplar of exemplars ?? []) if (exemplar.timestamp !== undefined) writeExemplar(out, HISTOGRAM.exemplar, exemplar);
  }
  writeCreated(out, HISTOGRAM.created, family, row);
}

function writeNative(out: ProtobufWriter, native: NativeHistogram, whole: boolean): void {
  out.sint(HISTOGRAM.schema, native.schema);
  out.double(HISTOGRAM.zeroThreshold, native.zeroThreshold);
  if (whole) out.uint(HISTOGRAM.zeroCount, native.zeroCount);
  else out.double(HISTOGRAM.zeroCountFloat, native.zeroCount);
  writeSide(out, NEGATIVE, native.negative, whole);
  const spans = writeSide(out, POSITIVE, native.positive, whole);
  // An empty span says "native" where nothing else would: the definition asks for it.
  if (spans === 0) writeSpan(out, POSITIVE.span, 0, 0);
}

/** Writes the spans and counts of a side; returns how many spans. */
function writeSide(out: ProtobufWriter, field: typeof NEGATIVE | typeof POSITIVE, side: NativeBuckets, whole: boolean): number {
  const { spans, counts } = nativeSpans(side);
  for (const { offset, length } of spans) writeSpan(out, field.span, offset, length);
  if (spans.length === 0) return 0;
  if (whole)
    out.sints(
      field.delta,
      counts.map((count, i) => count - (counts[i - 1] ?? 0)),
    );
  else out.doubles(field.count, counts);
  return spans.length;
}

function writeSpan(out: ProtobufWriter, field: number, offset: number, length: number): void {
  out.message(field, () => {
    out.sint(1, offset);
    out.uint(2, length);
  });
}

const isWhole = ({ zeroCount, positive, negative }: NativeHistogram): boolean =>
  Number.isInteger(zeroCount) && positive.counts.every(Number.isInteger) && negative.counts.every(Number.isInteger);

function writeExemplar(out: ProtobufWriter, field: number, exemplar: Exemplar): void {
  out.message(field, () => {
    for (const [name, value] of Object.entries(exemplar.labels)) {
      out.message(EXEMPLAR.label, () => {
        out.string(LABEL.name, name);
        out.string(LABEL.value, value);
      });
    }
    out.double(EXEMPLAR.value, exemplar.value);
    if (exemplar.timestamp !== undefined) writeTimestamp(out, EXEMPLAR.timestamp, exemplar.timestamp);
  });
}

function writeCreated(out: ProtobufWriter, field: number, family: FamilySnapshot, row: number): void {
  const created = family.created?.[row] ?? Number.NaN;
  if (!Number.isNaN(created)) writeTimestamp(out, field, created);
}

/** google.protobuf.Timestamp: whole seconds, and nanoseconds that always count forward. A double has microseconds at best. */
function writeTimestamp(out: ProtobufWriter, field: number, at: number): void {
  const microseconds = Math.round(at * 1e6);
  const seconds = Math.floor(microseconds / 1e6);
  out.message(field, () => {
    out.int(1, seconds);
    out.uint(2, (microseconds - seconds * 1e6) * 1000);
  });
}
