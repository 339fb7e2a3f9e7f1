import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FamilySnapshot, Snapshot } from "../core/snapshot.ts";
import { parseOpenMetrics, toOpenMetrics } from "./index.ts";
import { everyType, family, snapshotOf } from "./snapshots.test.fixture.ts";

const GOLDEN = `# TYPE frames counter
# HELP frames Frames seen.
frames_total{site="lab-1",model="owlv2",status="ok"} 12 # {trace_id="abc"} 1 1700000000.125
frames_created{site="lab-1",model="owlv2",status="ok"} 1699999000.25
frames_total{site="lab-1",model="yolo",status="error"} 0.5
# TYPE queue_size gauge
# HELP queue_size Waiting.
queue_size -3
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
# HELP latency_seconds Time to answer.
latency_seconds_bucket{stage="decode",le="0.005"} 1
latency_seconds_bucket{stage="decode",le="1.0"} 3 # {} 0.5
latency_seconds_bucket{stage="decode",le="2e+06"} 3
latency_seconds_bucket{stage="decode",le="+Inf"} 4 # {trace_id="slow"} 3000000 1700000000
latency_seconds_sum{stage="decode"} 7.5
latency_seconds_count{stage="decode"} 4
latency_seconds_created{stage="decode"} 1699999000
latency_seconds_bucket{stage="track",le="0.005"} 0
latency_seconds_bucket{stage="track",le="1.0"} 0
latency_seconds_bucket{stage="track",le="2e+06"} 0
latency_seconds_bucket{stage="track",le="+Inf"} 0
latency_seconds_sum{stage="track"} 0
latency_seconds_count{stage="track"} 0
latency_seconds_created{stage="track"} 1699999001
# TYPE stage_seconds histogram
# UNIT stage_seconds seconds
stage_seconds_bucket{le="1.0"} 13 # {trace_id="n"} 0.75 1700000000
stage_seconds_bucket{le="+Inf"} 16
stage_seconds_sum 4.5
stage_seconds_count 16
# TYPE size_bytes histogram
# UNIT size_bytes bytes
size_bytes_bucket{le="+Inf"} 16
size_bytes_sum 4.5
size_bytes_count 16
# TYPE wait_seconds gaugehistogram
# UNIT wait_seconds seconds
# HELP wait_seconds Waiting now.
wait_seconds_bucket{le="-1.0"} 2
wait_seconds_bucket{le="1.0"} 3
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_gsum -1.5
wait_seconds_gcount 3
# TYPE response_seconds summary
# HELP response_seconds Answers.
response_seconds{path="/",quantile="0.5"} 0.25
response_seconds{path="/",quantile="1.0"} 0.5
response_seconds_sum{path="/"} 1.25
response_seconds_count{path="/"} 4
response_seconds_created{path="/"} 1699999000
response_seconds{path="/idle",quantile="0.5"} NaN
response_seconds{path="/idle",quantile="1.0"} NaN
response_seconds_sum{path="/idle"} 0
response_seconds_count{path="/idle"} 0
# TYPE application info
# HELP application About.
application_info{version="1.2.3"} 1
# TYPE mode stateset
mode{camera="1",mode="idle"} 0
mode{camera="1",mode="live"} 1
# EOF
`;

/** What the families become, without the last line; and it must be valid. */
function written(...families: FamilySnapshot[]): string {
  const text = toOpenMetrics(snapshotOf(...families));
  parseOpenMetrics(text);
  return text.replace(/# EOF\n$/, "");
}

it("writes every type in its own words", () => {
  const families = everyType().families.filter(({ name }) => name !== "foreign");
  assert.equal(toOpenMetrics(new Snapshot(families, 0)), GOLDEN);
});

it("leaves the beginnings out when asked to", () => {
  const text = toOpenMetrics(everyType(), { created: false });
  assert.doesNotMatch(text, /_created/);
  assert.equal(text, toOpenMetrics(everyType()).replace(/^\w+_created.*\n/gm, ""));
});

it("escapes backslash, quote and line feed, in a help too", () => {
  const awkward = family({ name: "a", type: "gauge", help: 'say "\\"\nnow', labels: ["b"], rows: [[['\\ " \n'], 1]] });
  assert.equal(written(awkward), ["# TYPE a gauge", String.raw`# HELP a say \"\\\"\nnow`, String.raw`a{b="\\ \" \n"} 1`, ""].join("\n"));
});

it("names the unit only where the name ends in it", () => {
  assert.match(written(family({ name: "a_seconds", type: "gauge", unit: "seconds", rows: [[[], 1]] })), /^# UNIT a_seconds seconds$/m);
  assert.match(written(family({ name: "a_seconds_total", type: "counter", unit: "seconds", rows: [[[], 1]] })), /^# UNIT a_seconds seconds$/m);
  assert.doesNotMatch(written(family({ name: "a", type: "gauge", unit: "seconds", rows: [[[], 1]] })), /UNIT/);
  assert.doesNotMatch(written(family({ name: "a_seconds_info", type: "info", unit: "seconds", rows: [[[], 1]] })), /UNIT/);
});

it("gives a counter the suffix that OpenMetrics asks for", () => {
  assert.equal(written(family({ name: "old_counter", type: "counter", rows: [[[], 1]] })), "# TYPE old_counter counter\nold_counter_total 1\n");
});

describe("what the specification forbids is left out, so that the rest can be read", () => {
  it("a sum that is negative or NaN, and the count with it", () => {
    for (const sum of [-1, Number.NaN]) {
      const text = written(family({ name: "a", type: "histogram", bounds: [1], rows: [[[], 1, 0, sum]] }));
      assert.equal(text, '# TYPE a histogram\na_bucket{le="1.0"} 1\na_bucket{le="+Inf"} 1\n');
    }
  });

  it("a histogram's sum beside a negative bound", () => {
    assert.doesNotMatch(written(family({ name: "a", type: "histogram", bounds: [-1, 1], rows: [[[], 1, 0, 0, 5]] })), /sum|count/);
  });

  it("a gauge histogram's negative sum where no bound is negative", () => {
    assert.doesNotMatch(written(family({ name: "a", type: "gaugehistogram", bounds: [1], rows: [[[], 1, 0, -5]] })), /sum|count/);
    assert.match(written(family({ name: "a", type: "gaugehistogram", bounds: [-1], rows: [[[], 1, 0, -5]] })), /a_gsum -5\na_gcount 1/);
  });

  it("a counter that is NaN or negative, with its beginning", () => {
    const created = Float64Array.of(1, 1, 1);
    const text = written(
      family({
        name: "a_total",
        type: "counter",
        labels: ["b"],
        rows: [
          [["x"], Number.NaN],
          [["y"], -1],
          [["z"], 1],
        ],
        created,
      }),
    );
    assert.equal(text, '# TYPE a counter\na_total{b="z"} 1\na_created{b="z"} 1\n');
  });

  it("a summary's negative quantile values and sum", () => {
    assert.equal(written(family({ name: "a", type: "summary", quantiles: [0.5], rows: [[[], 2, -3, -1]] })), "# TYPE a summary\na_count 2\n");
  });

  it("an exemplar whose labels have more than 128 characters", () => {
    const exemplar = (length: number) => new Map([[0, [{ labels: { id: "😀".repeat(length - 2) }, value: 1 }]]]);
    const counter = (length: number) => family({ name: "a_total", type: "counter", rows: [[[], 1]], exemplars: exemplar(length) });
    assert.match(written(counter(128)), /# \{id=/);
    assert.doesNotMatch(written(counter(129)), /# \{id=/);
  });
});

describe("a counter or info whose bare name is taken is written as unknown", () => {
  const gauge = (name: string) => family({ name, type: "gauge", rows: [[[], 1]] });
  const counter = family({ name: "a_total", type: "counter", rows: [[[], 2]], created: Float64Array.of(5) });
  const info = family({ name: "a_info", type: "info", rows: [[[], 1]] });
  const asUnknown = "# TYPE a_total unknown\na_total 2\n";

  it("by a metric of that name, before or after it", () => {
    assert.equal(written(gauge("a"), counter), `# TYPE a gauge\na 1\n${asUnknown}`);
    assert.equal(written(counter, gauge("a")), `${asUnknown}# TYPE a gauge\na 1\n`);
  });

  it("by the name of its beginning", () => {
    assert.equal(written(gauge("a_created"), counter), `# TYPE a_created gauge\na_created 1\n${asUnknown}`);
  });

  it("by a counter that has the suffix, where it has none", () => {
    const bare = family({ name: "a", type: "counter", rows: [[[], 1]] });
    assert.equal(written(bare, counter), `# TYPE a unknown\na 1\n${asUnknown}`);
  });

  it("by each other", () => {
    assert.equal(written(info, counter), `# TYPE a_info unknown\na_info 1\n${asUnknown}`);
  });
});

it("lays an exemplar to the bucket its value falls in, the last of several, NaN to +Inf", () => {
  const exemplars = [0.5, 1, 7, Number.NaN].map((value, k) => ({ labels: { k: `${k}` }, value }));
  const text = written(family({ name: "a", type: "histogram", bounds: [1, 2], rows: [[[], 2, 0, 2, 9]], exemplars: new Map([[0, exemplars]]) }));
  assert.deepEqual(text.split("\n").slice(1, 4), ['a_bucket{le="1.0"} 2 # {k="1"} 1', 'a_bucket{le="2.0"} 2', 'a_bucket{le="+Inf"} 4 # {k="3"} NaN']);
});
