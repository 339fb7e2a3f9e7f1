import assert from "node:assert/strict";
import { it } from "node:test";
import { Snapshot } from "../core/snapshot.ts";
import { toPrometheus } from "./index.ts";
import { everyType, family, snapshotOf } from "./snapshots.test.fixture.ts";

const GOLDEN = `# HELP frames_total Frames seen.
# TYPE frames_total counter
frames_total{site="lab-1",model="owlv2",status="ok"} 12
frames_total{site="lab-1",model="yolo",status="error"} 0.5
# HELP queue_size Waiting.
# TYPE queue_size gauge
queue_size -3
# HELP latency_seconds Time to answer.
# TYPE latency_seconds histogram
latency_seconds_bucket{stage="decode",le="0.005"} 1
latency_seconds_bucket{stage="decode",le="1"} 3
latency_seconds_bucket{stage="decode",le="2e+06"} 3
latency_seconds_bucket{stage="decode",le="+Inf"} 4
latency_seconds_sum{stage="decode"} 7.5
latency_seconds_count{stage="decode"} 4
latency_seconds_bucket{stage="track",le="0.005"} 0
latency_seconds_bucket{stage="track",le="1"} 0
latency_seconds_bucket{stage="track",le="2e+06"} 0
latency_seconds_bucket{stage="track",le="+Inf"} 0
latency_seconds_sum{stage="track"} 0
latency_seconds_count{stage="track"} 0
# TYPE stage_seconds histogram
stage_seconds_bucket{le="1"} 13
stage_seconds_bucket{le="+Inf"} 16
stage_seconds_sum 4.5
stage_seconds_count 16
# TYPE size_bytes histogram
size_bytes_bucket{le="+Inf"} 16
size_bytes_sum 4.5
size_bytes_count 16
# HELP wait_seconds Waiting now.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="-1"} 2
wait_seconds_bucket{le="1"} 3
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum -1.5
wait_seconds_count 3
# HELP response_seconds Answers.
# TYPE response_seconds summary
response_seconds{path="/",quantile="0.5"} 0.25
response_seconds{path="/",quantile="1"} 0.5
response_seconds_sum{path="/"} 1.25
response_seconds_count{path="/"} 4
response_seconds{path="/idle",quantile="0.5"} NaN
response_seconds{path="/idle",quantile="1"} NaN
response_seconds_sum{path="/idle"} 0
response_seconds_count{path="/idle"} 0
# HELP application_info About.
# TYPE application_info gauge
application_info{version="1.2.3"} 1
# TYPE mode gauge
mode{camera="1",mode="idle"} 0
mode{camera="1",mode="live"} 1
`;

it("writes every type in the five types that text 0.0.4 has", () => {
  const families = everyType().families.filter(({ name }) => name !== "foreign");
  assert.equal(toPrometheus(new Snapshot(families, 0)), GOLDEN);
});

it("escapes backslash, quote and line feed in labels, but no quote in a help", () => {
  const awkward = family({ name: "a", type: "gauge", help: 'say "\\"\nnow', labels: ["b"], rows: [[['\\ " \n \r'], 1]] });
  assert.equal(toPrometheus(snapshotOf(awkward)), ['# HELP a say "\\\\"\\nnow', "# TYPE a gauge", 'a{b="\\\\ \\" \\n \r"} 1', ""].join("\n"));
});

it("writes timestamps in milliseconds, only where a row has one", () => {
  const timed = family({
    name: "a",
    type: "gauge",
    labels: ["b"],
    rows: [
      [["x"], 1],
      [["y"], 2],
    ],
    timestamps: Float64Array.of(1_520_879_607.789, Number.NaN),
  });
  assert.equal(toPrometheus(snapshotOf(timed)), '# TYPE a gauge\na{b="x"} 1 1520879607789\na{b="y"} 2\n');
});

it("leaves out the buckets that a parsed row does not have, and goes on counting", () => {
  const ragged = family({ name: "a", type: "histogram", bounds: [1, 2], rows: [[[], 3, Number.NaN, 2, 9]] });
  assert.equal(toPrometheus(snapshotOf(ragged)), '# TYPE a histogram\na_bucket{le="1"} 3\na_bucket{le="+Inf"} 5\na_sum 9\na_count 5\n');
});

it("writes values that JavaScript spells in a way of its own", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e21, 5e-324, 0.1];
  const odd = family({ name: "a", type: "gauge", labels: ["k"], rows: values.map((value, k) => [[`${k}`], value] as const) });
  const written = toPrometheus(snapshotOf(odd))
    .split("\n")
    .slice(1, -1)
    .map((line) => line.split(" ")[1]);
  assert.deepEqual(written, ["NaN", "+Inf", "-Inf", "-0", "1e+21", "5e-324", "0.1"]);
});
