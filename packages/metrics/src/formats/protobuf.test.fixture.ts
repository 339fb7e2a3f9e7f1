/** A small reader of io.prometheus.client.MetricFamily, written from the definition and apart from the writer, to check the writer with. */

type Field = bigint | number | Uint8Array;
type Message = Map<number, Field[]>;

export interface DecodedHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly upperBound: number; readonly count: number; readonly exemplar: unknown }[];
  readonly schema: number | undefined;
  readonly zeroThreshold: number | undefined;
  readonly zeroCount: number;
  readonly positive: readonly (readonly [index: number, count: number])[];
  readonly negative: readonly (readonly [index: number, count: number])[];
  readonly positiveSpans: number;
  readonly created: number | undefined;
  readonly exemplars: readonly unknown[];
}

export interface DecodedMetric {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  readonly exemplar: unknown;
  readonly created: number | undefined;
  readonly timestampMs: number | undefined;
  readonly histogram: DecodedHistogram | undefined;
  readonly summary: { readonly count: number; readonly sum: number; readonly quantiles: readonly (readonly number[])[] } | undefined;
}

export interface DecodedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: number;
  readonly unit: string;
  readonly metrics: readonly DecodedMetric[];
}

export function decodeFamilies(bytes: Uint8Array): DecodedFamily[] {
  const families: DecodedFamily[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [size, start] = varint(bytes, at);
    at = start + Number(size);
    families.push(familyOf(message(bytes.subarray(start, at))));
  }
  return families;
}

function familyOf(fields: Message): DecodedFamily {
  return {
    name: string(fields, 1) ?? "",
    help: string(fields, 2) ?? "",
    type: integer(fields, 3) ?? 0,
    unit: string(fields, 5) ?? "",
    metrics: all(fields, 4).map(metricOf),
  };
}

function metricOf(fields: Message): DecodedMetric {
  const counter = one(fields, 3);
  const summary = one(fields, 4);
  const histogram = one(fields, 7);
  const value = counter ?? one(fields, 2) ?? one(fields, 5);
  const created = counter === undefined ? undefined : one(counter, 3);
  return {
    labels: labelsOf(fields),
    value: value === undefined ? undefined : double(value, 1),
    exemplar: counter === undefined ? undefined : exemplarsOf(counter, 2)[0],
    created: created === undefined ? undefined : secondsOf(created),
    timestampMs: integer(fields, 6),
    summary:
      summary === undefined
        ? undefined
        : { count: integer(summary, 1)!, sum: double(summary, 2)!, quantiles: all(summary, 3).map((one) => [double(one, 1)!, double(one, 2)!]) },
    histogram: histogram === undefined ? undefined : histogramOf(histogram),
  };
}

function histogramOf(fields: Message): DecodedHistogram {
  const created = one(fields, 15);
  return {
    count: double(fields, 4) ?? integer(fields, 1) ?? 0,
    sum: double(fields, 2)!,
    buckets: all(fields, 3).map((bucket) => ({
      upperBound: double(bucket, 2)!,
      count: double(bucket, 4) ?? integer(bucket, 1)!,
      exemplar: exemplarsOf(bucket, 3)[0],
    })),
    schema: signed(fields, 5),
    zeroThreshold: double(fields, 6),
    zeroCount: double(fields, 8) ?? integer(fields, 7) ?? 0,
    negative: sideOf(fields, 9, 10, 11),
    positive: sideOf(fields, 12, 13, 14),
    positiveSpans: all(fields, 12).length,
    created: created === undefined ? undefined : secondsOf(created),
    exemplars: exemplarsOf(fields, 16),
  };
}

function sideOf(fields: Message, spanField: number, deltaField: number, countField: number): [number, number][] {
  const counts: number[] = [];
  const packed = fields.get(deltaField)?.[0] as Uint8Array | undefined;
  for (let at = 0, count = 0; packed !== undefined && at < packed.length; ) {
    const [raw, next] = varint(packed, at);
    counts.push((count += unzigzag(raw)));
    at = next;
  }
  const floats = fields.get(countField)?.[0] as Uint8Array | undefined;
  for (let at = 0; floats !== undefined && at < floats.length; at += 8) counts.push(doubleAt(floats, at));
  const side: [number, number][] = [];
  let index = 0;
  for (const span of all(fields, spanField)) {
    index += signed(span, 1) ?? 0;
    for (let k = 0; k < (integer(span, 2) ?? 0); k++) side.push([index++, counts.shift()!]);
  }
  return side;
}

const exemplarsOf = (fields: Message, field: number): unknown[] =>
  all(fields, field).map((exemplar) => {
    const timestamp = one(exemplar, 3);
    return { labels: labelsOf(exemplar), value: double(exemplar, 2), ...(timestamp === undefined ? {} : { timestamp: secondsOf(timestamp) }) };
  });

const labelsOf = (fields: Message): Record<string, string> => Object.fromEntries(all(fields, 1).map((pair) => [string(pair, 1), string(pair, 2)]));
const secondsOf = (timestamp: Message): number => (integer(timestamp, 1) ?? 0) + (integer(timestamp, 2) ?? 0) / 1e9;

function message(bytes: Uint8Array): Message {
  const fields: Message = new Map();
  for (let at = 0; at < bytes.length; ) {
    const [key, next] = varint(bytes, at);
    at = next;
    let value: Field;
    if ((key & 7n) === 0n) [value, at] = varint(bytes, at);
    else if ((key & 7n) === 1n) [value, at] = [doubleAt(bytes, at), at + 8];
    else {
      const [size, start] = varint(bytes, at);
      at = start + Number(size);
      value = bytes.subarray(start, at);
    }
    const field = Number(key >> 3n);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

function varint(bytes: Uint8Array, start: number): [bigint, number] {
  let value = 0n;
  for (let at = start, shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error("a varint is cut off");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

const doubleAt = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at, true);
const unzigzag = (raw: bigint): number => Number((raw >> 1n) ^ -(raw & 1n));
const all = (fields: Message, field: number): Message[] => (fields.get(field) ?? []).map((bytes) => message(bytes as Uint8Array));
const one = (fields: Message, field: number): Message | undefined => all(fields, field)[0];
const double = (fields: Message, field: number): number | undefined => fields.get(field)?.[0] as number | undefined;
const integer = (fields: Message, field: number): number | undefined => {
  const value = fields.get(field)?.[0] as bigint | undefined;
  return value === undefined ? undefined : Number(BigInt.asIntN(64, value));
};
const signed = (fields: Message, field: number): number | undefined => {
  const value = fields.get(field)?.[0] as bigint | undefined;
  return value === undefined ? undefined : unzigzag(value);
};
const string = (fields: Message, field: number): string | undefined => {
  const value = fields.get(field)?.[0] as Uint8Array | undefined;
  return value === undefined ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(value);
};
