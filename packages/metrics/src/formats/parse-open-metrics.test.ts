import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import { parseOpenMetrics } from "./index.ts";

const lines = (...all: string[]): string => `${all.join("\n")}\n# EOF\n`;

describe("parseOpenMetrics", () => {
  it("reads every type, and calls counters and infos by their full names", () => {
    const snapshot = parseOpenMetrics(
      lines(
        "# TYPE c_seconds counter",
        "# UNIT c_seconds seconds",
        "# HELP c_seconds Counted.",
        'c_seconds_total{a="x"} 5 # {id="1"} 2 3.5',
        'c_seconds_created{a="x"} 100.5',
        "# TYPE h histogram",
        'h_bucket{le="0.5"} 1 # {} 0.25',
        'h_bucket{le="+Inf"} 4',
        "h_count 4",
        "h_sum 7.5",
        "# TYPE gh gaugehistogram",
        'gh_bucket{le="-1.0"} 1',
        'gh_bucket{le="+Inf"} 1',
        "gh_gcount 1",
        "gh_gsum -3",
        "# TYPE s summary",
        's{quantile="0.5"} NaN',
        "s_count 6",
        "# TYPE i info",
        'i_info{version="1"} 1',
        "# TYPE st stateset",
        'st{x="1",st="on"} 1',
        'st{x="1",st="off"} 0',
        "u 1",
      ),
    );
    assert.deepEqual(
      snapshot.families.map(({ name, type, unit }) => [name, type, unit]),
      [
        ["c_seconds_total", "counter", "seconds"],
        ["h", "histogram", ""],
        ["gh", "gaugehistogram", ""],
        ["s", "summary", ""],
        ["i_info", "info", ""],
        ["st", "stateset", ""],
        ["u", "unknown", ""],
      ],
    );
    const counter = snapshot.get("c_seconds_total")!;
    assert.deepEqual([counter.value(), counter.help, counter.created![0]], [5, "Counted.", 100.5]);
    assert.deepEqual(counter.exemplars!.get(0), [{ labels: { id: "1" }, value: 2, timestamp: 3.5 }]);
    assert.deepEqual(snapshot.get("h")!.histogram().count, 4);
    assert.deepEqual(snapshot.get("h")!.exemplars!.get(0), [{ labels: {}, value: 0.25 }]);
    assert.deepEqual([snapshot.get("gh")!.histogram().sum, snapshot.get("gh")!.histogram().count], [-3, 1]);
    assert.deepEqual(snapshot.get("s")!.summary(), { count: 6, sum: Number.NaN, quantiles: [[0.5, Number.NaN]] });
    assert.equal(snapshot.value("st", { x: "1", st: "on" }), 1);
  });

  it("keeps the last of several points of a metric", () => {
    const snapshot = parseOpenMetrics(
      lines(
        "# TYPE h histogram",
        'h_bucket{le="1.0"} 1 10',
        'h_bucket{le="+Inf"} 1 10',
        'h_bucket{le="+Inf"} 3 20.5',
        "h_sum 4 20.5",
        "h_count 3 20.5",
        "# TYPE g gauge",
        "g 1 1",
        "g 2 1.0000001",
        "# TYPE st stateset",
        'st{st="a"} 1 1',
        'st{st="b"} 0 1',
        'st{st="a"} 0 2',
        'st{st="b"} 1 2',
      ),
    );
    assert.deepEqual(snapshot.get("h")!.histogram(), { count: 3, sum: 4, buckets: [[Number.POSITIVE_INFINITY, 3]] });
    assert.equal(snapshot.get("h")!.timestamps![0], 20.5);
    assert.equal(snapshot.value("g"), 2);
    assert.equal(snapshot.value("st", { st: "b" }), 1);
  });

  it("needs no line feed after EOF, and takes empty descriptions for none", () => {
    const snapshot = parseOpenMetrics("# HELP a \n# UNIT a \n# TYPE a gauge\n# EOF");
    assert.deepEqual([snapshot.get("a")!.help, snapshot.get("a")!.unit, snapshot.get("a")!.length], ["", "", 0]);
  });

  it("undoes escapes in a help, quotes too", () => {
    assert.equal(parseOpenMetrics(lines('# HELP a \\"\\\\\\n\\x', "a 1")).get("a")!.help, '"\\\n\\x');
  });

  it("lets infos stand in any order of time", () => {
    assert.equal(parseOpenMetrics(lines("# TYPE i info", 'i_info{a="1"} 1 5', 'i_info{a="2"} 1 4')).get("i_info")!.length, 2);
  });

  const histogram = (...samples: string[]): string => lines("# TYPE h histogram", ...samples);
  const CASES: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ["a missing EOF", "a 1\n", /^Line 2: the text ends without "# EOF"/],
    ["a line after EOF", "# EOF\n\n", /^Line 2.*nothing may follow/],
    ["an empty line", lines("a 1", ""), /^Line 2.*no empty lines/],
    ["a comment", lines("# hello"), /^Line 1: column 3 has "hello", expected "TYPE "/],
    ["two spaces", lines("a  1"), /column 3/],
    ["a space at the end", lines("a 1 "), /expected a timestamp/],
    ["a tab", lines("a\t1"), /expected a space/],
    ["a carriage return", "a 1\r\n# EOF\r\n", /column 3 has "1\\r"/],
    ["a last comma among labels", lines('a{b="1",} 1'), /expected a label name/],
    ["an untyped type", lines("# TYPE a untyped"), /expected counter, gauge/],
    ["a type with a capital", lines("# TYPE a Gauge"), /expected counter, gauge/],
    ["a description after samples", lines("# TYPE a gauge", "a 1", "# HELP a x"), /^Line 3.*before its samples/],
    ["a repeated description", lines("# HELP a x", "# HELP a x"), /already has a HELP line/],
    ["a unit that the name does not end in", lines("# TYPE a gauge", "# UNIT a s"), /must end in _s/],
    ["a unit on an info", lines("# TYPE a_s info", "# UNIT a_s s"), /type info has no unit/],
    ["a unit on a stateset, in whatever order", lines("# UNIT a_s s", "# TYPE a_s stateset"), /type stateset has no unit/],
    ["a counter without its suffix", lines("# TYPE a counter", "a 1"), /a counter called a has samples called a_total, a_created/],
    ["a counter that is negative", lines("# TYPE a counter", "a_total -1"), /must not be negative or NaN/],
    ["a counter that is NaN", lines("# TYPE a counter", "a_total NaN"), /must not be negative or NaN/],
    ["a counter that has only a beginning", lines("# TYPE a counter", "a_created 1"), /a_total is missing/],
    ["a beginning that is not finite", lines("# TYPE a counter", "a_total 1", "a_created +Inf"), /must be finite/],
    ["a number beyond a double", lines("a 1e999"), /expected a value/],
    ["interleaved families", lines("# TYPE a gauge", "a 1", "# TYPE b gauge", "b 1", 'a{x="1"} 1'), /^Line 5.*must stand together/],
    ["interleaved metrics", lines("# TYPE a summary", 'a_count{x="1"} 1', 'a_count{x="2"} 1', 'a_sum{x="1"} 1'), /^Line 4.*others came in between/],
    ["interleaved states", lines("# TYPE a stateset", 'a{x="1",a="p"} 1', 'a{x="2",a="p"} 1', 'a{x="1",a="q"} 0'), /^Line 4.*others came in between/],
    ["a series twice", lines("# TYPE a gauge", "a 1", "a 2"), /^Line 3.*given before/],
    ["a series twice with its labels turned round", lines('a{b="1",c="2"} 1', 'a{c="2",b="1"} 1'), /^Line 2.*given before/],
    ["a series twice at one time", lines("a 1 5", "a 2 5.0"), /^Line 2.*given before/],
    ["a state twice", lines("# TYPE a stateset", 'a{a="p"} 1', 'a{a="p"} 1'), /^Line 3.*given before/],
    ["an info twice", lines("# TYPE a info", 'a_info{b="p"} 1', 'a_info{b="p"} 1'), /^Line 3.*given before/],
    ["names that could clash", lines("# TYPE a_created gauge", "# TYPE a counter"), /^Line 2: a and a_created both have samples/],
    ["a time that goes back", lines("a 1 5", "a 1 4"), /^Line 2.*must not go backwards/],
    ["a time on one point and none on the next", lines("a 1 5", "a 1"), /all samples of a metric have a timestamp, or none/],
    ["a time that is not finite", lines("a 1 Inf"), /a finite number/],
    ["a histogram without +Inf", histogram('h_bucket{le="1.0"} 1'), /^Line 2.*lacks the bucket/],
    ["buckets out of order", histogram('h_bucket{le="2.0"} 1', 'h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 1'), /ascending order of le, and le=2/],
    ["a bucket twice", histogram('h_bucket{le="1"} 1', 'h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 1'), /ascending order/],
    ["buckets that fall", histogram('h_bucket{le="2.0"} 2', 'h_bucket{le="+Inf"} 1'), /cumulative, and le=2 has 2/],
    ["a bucket that is not whole", histogram('h_bucket{le="+Inf"} 1.5'), /whole number/],
    ["a bucket without le", histogram("h_bucket 1"), /label le is missing/],
    ["le that is NaN", histogram('h_bucket{le="NaN"} 1'), /not a number/],
    ["le that is infinite in another spelling", histogram('h_bucket{le="Inf"} 1'), /written le="\+Inf"/],
    ["le on a count", histogram('h_count{le="1"} 1'), /belongs to the buckets only/],
    ["a count that differs from +Inf", histogram('h_bucket{le="+Inf"} 1', "h_count 2", "h_sum 1"), /^Line 4.*h_count is 2, but the bucket/],
    ["a count without a sum", histogram('h_bucket{le="+Inf"} 1', "h_count 1"), /must come both/],
    ["a sum without a count", histogram('h_bucket{le="+Inf"} 1', "h_sum 1"), /must come both/],
    ["a sum beside a negative bound", histogram('h_bucket{le="-1.0"} 1', 'h_bucket{le="+Inf"} 1', "h_count 1", "h_sum 1"), /negative bounds/],
    ["a gauge histogram's negative sum", lines("# TYPE h gaugehistogram", 'h_bucket{le="+Inf"} 1', "h_gcount 1", "h_gsum -1"), /h_gsum is negative/],
    [
      "a gauge histogram's count under a histogram's name",
      lines("# TYPE h gaugehistogram", 'h_bucket{le="+Inf"} 1', "h_count 1", "# TYPE h_count gauge"),
      /h_count/,
    ],
    ["an exemplar on a gauge", lines("# TYPE a gauge", "a 1 # {} 1"), /only counters and buckets/],
    ["an exemplar on a sum", histogram("h_sum 1 # {} 1"), /only counters and buckets/],
    ["an exemplar on a beginning", lines("# TYPE a counter", "a_created 1 # {} 1"), /only counters and buckets/],
    ["an exemplar outside of its bucket", histogram('h_bucket{le="1.0"} 1 # {} 1.5', 'h_bucket{le="+Inf"} 1'), /is not in the bucket/],
    ["an exemplar with too long labels", lines("# TYPE a counter", `a_total 1 # {a="${"é".repeat(128)}"} 1`), /have 129 characters/],
    ["an exemplar without braces", lines("# TYPE a counter", "a_total 1 # 1"), /before the labels of the exemplar/],
    ["an exemplar without a value", lines("# TYPE a counter", "a_total 1 # {}"), /before the exemplar's value/],
    ["an exemplar without a space", lines("# TYPE a counter", "a_total 1 #{} 1"), /expected a timestamp/],
    ["a quantile beyond 1", lines("# TYPE a summary", 'a{quantile="1.1"} 1'), /between 0 and 1/],
    ["a quantile that is missing", lines("# TYPE a summary", "a 1"), /label quantile is missing/],
    ["a quantile with a negative value", lines("# TYPE a summary", 'a{quantile="1.0"} -1'), /must not be negative/],
    ["a quantile on a sum", lines("# TYPE a summary", 'a_sum{quantile="1.0"} 1'), /belongs to the quantiles only/],
    ["a count that is not whole", lines("# TYPE a summary", "a_count 0.5"), /whole number/],
    ["a sum that is NaN", lines("# TYPE a summary", "a_sum NaN"), /negative or NaN/],
    ["an info that is not 1", lines("# TYPE a info", "a_info 2"), /always 1/],
    ["a state that is neither 0 nor 1", lines("# TYPE a stateset", 'a{a="x"} 2'), /0 or 1/],
    ["a state without its name", lines("# TYPE a stateset", "a 1"), /stands in the label a, which is missing/],
  ];
  for (const [what, text, message] of CASES) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseOpenMetrics(text),
        (error: InferometerError) => error instanceof InferometerError && error.code === "PARSE_ERROR" && message.test(error.message),
        `expected ${message}`,
      );
    });
  }
});
