import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Format,
  json,
  openMetrics,
  parseJson,
  parseOpenMetrics,
  parsePrometheus,
  prometheusProtobuf,
  prometheusText,
  toJson,
  toOpenMetrics,
  toPrometheus,
  toProtobuf,
} from "./index.ts";
import { decodeFamilies } from "./protobuf.test.fixture.ts";
import { everyType, family, HOSTILE, snapshotOf } from "./snapshots.test.fixture.ts";

const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

interface Member {
  readonly format: Format;
  readonly empty: string;
  /** The values of the label `text` of the metric `foreign` in what the format wrote. */
  labelValues(bytes: Uint8Array): string[];
}

const labelsOf =
  (parse: typeof parseJson) =>
  (bytes: Uint8Array): string[] => {
    const foreign = parse(text(bytes)).get("foreign")!;
    return Array.from({ length: foreign.length }, (_, row) => foreign.labels(row).text!);
  };

const MEMBERS: readonly Member[] = [
  { format: prometheusText, empty: "", labelValues: labelsOf(parsePrometheus) },
  { format: openMetrics, empty: "# EOF\n", labelValues: labelsOf(parseOpenMetrics) },
  { format: json, empty: "{}\n", labelValues: labelsOf(parseJson) },
  {
    format: prometheusProtobuf,
    empty: "",
    labelValues: (bytes) =>
      decodeFamilies(bytes)
        .find(({ name }) => name === "foreign")!
        .metrics.map(({ labels }) => labels.text!),
  },
];

for (const { format, empty, labelValues } of MEMBERS) {
  describe(`every format: ${format.name}`, () => {
    it("streams the same bytes as it encodes", () => {
      assert.deepEqual(Buffer.concat([...format.stream(everyType())]), Buffer.from(format.encode(everyType())));
    });

    it("writes an empty snapshot", () => {
      assert.equal(text(format.encode(snapshotOf())), empty);
    });

    it("carries hostile label values unharmed", () => {
      assert.deepEqual(labelValues(format.encode(everyType())), ["timed", ...HOSTILE]);
    });

    it("cuts a large snapshot into chunks of about 64 KiB", () => {
      const large = snapshotOf(
        family({ name: "many", type: "gauge", labels: ["id"], rows: Array.from({ length: 20_000 }, (_, id) => [[`series-${id}`], id] as const) }),
      );
      const chunks = [...format.stream(large)];
      const longest = Math.max(...chunks.map(({ length }) => length));
      assert.ok(chunks.length > 5, `${chunks.length} chunks`);
      assert.ok(longest < 70_000, `${longest} bytes in a chunk`);
      assert.deepEqual(Buffer.concat(chunks), Buffer.from(format.encode(large)));
    });

    it("writes a family without series", () => {
      assert.ok(
        format.encode(snapshotOf(family({ name: "none_yet", type: "counter", help: "None.", labels: ["a"], rows: [] }))) instanceof Uint8Array,
      );
    });

    it("names its media type", () => {
      assert.match(format.contentType, /^(text|application)\/[\w.+-]+(; [\w.=-]+)*$/);
    });
  });
}

describe("the shortcuts", () => {
  it("give what the formats encode", () => {
    const snapshot = everyType();
    assert.equal(toPrometheus(snapshot), text(prometheusText.encode(snapshot)));
    assert.equal(toOpenMetrics(snapshot), text(openMetrics.encode(snapshot)));
    assert.equal(toOpenMetrics(snapshot, { created: false }), text(openMetrics.encode(snapshot, { created: false })));
    assert.equal(toJson(snapshot), text(json.encode(snapshot)));
    assert.deepEqual(toProtobuf(snapshot), prometheusProtobuf.encode(snapshot));
  });
});
