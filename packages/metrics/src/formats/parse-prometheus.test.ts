import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import { parsePrometheus } from "./index.ts";

describe("parsePrometheus", () => {
  it("reads every type", () => {
    const snapshot = parsePrometheus(
      [
        "# HELP c_total Counted.",
        "# TYPE c_total counter",
        'c_total{a="x"} 5 1500',
        "# TYPE g gauge",
        "g NaN",
        "# TYPE h histogram",
        'h_bucket{a="x",le="0.5"} 1',
        'h_bucket{a="x",le="+Inf"} 4',
        'h_sum{a="x"} 7.5',
        'h_count{a="x"} 4',
        "# TYPE s summary",
        's{quantile="0.5"} 1',
        's{quantile="0.99"} 3',
        "s_sum 9",
        "s_count 6",
        "# TYPE u untyped",
        "u 1",
        "bare 2",
        "",
      ].join("\n"),
      { timestamp: 77 },
    );
    assert.equal(snapshot.timestamp, 77);
    assert.deepEqual(
      snapshot.families.map(({ name, type }) => [name, type]),
      [
        ["c_total", "counter"],
        ["g", "gauge"],
        ["h", "histogram"],
        ["s", "summary"],
        ["u", "unknown"],
        ["bare", "unknown"],
      ],
    );
    assert.equal(snapshot.get("c_total")!.help, "Counted.");
    assert.equal(snapshot.get("c_total")!.timestamps![0], 1.5);
    assert.equal(snapshot.value("c_total", { a: "x" }), 5);
    assert.deepEqual(snapshot.get("h")!.histogram(), {
      count: 4,
      sum: 7.5,
      buckets: [
        [0.5, 1],
        [Number.POSITIVE_INFINITY, 4],
      ],
    });
    assert.deepEqual(snapshot.get("s")!.summary(), {
      count: 6,
      sum: 9,
      quantiles: [
        [0.5, 1],
        [0.99, 3],
      ],
    });
  });

  it("takes the freedom that the format gives: blanks, comments, empty lines, a last comma, any order of labels and buckets", () => {
    const text =
      '\n \t# a comment\n#\n# EOF\n  # TYPE  h\thistogram \n h_bucket { le = "+Inf" , } 2\t\nh_bucket{le="1"}1\nh_sum 3\n\nx{b="2",a="1"} 1\n';
    const snapshot = parsePrometheus(text);
    assert.deepEqual(snapshot.get("h")!.histogram().buckets, [
      [1, 1],
      [Number.POSITIVE_INFINITY, 2],
    ]);
    assert.equal(snapshot.value("x", { a: "1", b: "2" }), 1);
  });

  it("undoes escapes, and leaves what is none", () => {
    const snapshot = parsePrometheus('# HELP a x\\\\y\\nz "q" \\"\na{b="1\\\\\\"\\n\\t"} 1\n');
    assert.equal(snapshot.get("a")!.help, 'x\\y\nz "q" \\"');
    assert.deepEqual(snapshot.get("a")!.labels(0), { b: '1\\"\n\\t' });
  });

  it("keeps series apart that lack a label", () => {
    const family = parsePrometheus('a 1\na{b=""} 2\na{c="x"} 3\n').get("a")!;
    assert.deepEqual([family.labels(0), family.labels(1), family.labels(2)], [{}, { b: "" }, { c: "x" }]);
  });

  it("gives rows with different buckets the buckets they have", () => {
    const family = parsePrometheus(
      '# TYPE a histogram\na_bucket{x="1",le="1"} 1\na_bucket{x="1",le="+Inf"} 2\na_bucket{x="2",le="5"} 3\na_count{x="2"} 4\n',
    ).get("a")!;
    assert.deepEqual(family.bounds, [1, 5]);
    assert.deepEqual([...family.values], [1, Number.NaN, 1, Number.NaN, Number.NaN, 3, 1, Number.NaN]);
  });

  it("reads an empty text", () => assert.equal(parsePrometheus("").families.length, 0));

  it("is not misled by names and labels from JavaScript", () => {
    const snapshot = parsePrometheus('__proto__{__proto__="x",constructor="y"} 1\nconstructor 2\n');
    assert.equal(snapshot.get("__proto__")!.row(JSON.parse('{"__proto__":"x","constructor":"y"}')), 0);
    assert.equal(snapshot.value("constructor"), 2);
  });

  for (const [what, text, message] of [
    ["a text that is cut off", "a 1\nb 12", /^Line 2: the text ends within the line "b 12"/],
    ["a series given twice", 'a{x="1",y="2"} 1\na{y="2",x="1"} 1\n', /^Line 2, .*this series was given before/],
    ["a bucket given twice", '# TYPE a histogram\na_bucket{le="1"} 1\na_bucket{le="1.0"} 1\n', /^Line 3, .*bucket was given before/],
    ["a quantile given twice", '# TYPE a summary\na{quantile="1"} 1\na{quantile="1"} 1\n', /^Line 3, .*quantile was given before/],
    ["a second TYPE", "# TYPE a gauge\n# TYPE a gauge\n", /^Line 2, .*already has a TYPE line/],
    ["a second HELP", "# HELP a x\n# HELP a x\n", /^Line 2, .*already has a HELP line/],
    ["a TYPE after samples", "a 1\n# TYPE a gauge\n", /^Line 2, .*before its samples/],
    ["a type that does not exist", "# TYPE a info\n", /^Line 1: column 10 has "info", expected one of counter, gauge, histogram, summary, untyped/],
    ["a name that begins with a digit", "1a 1\n", /^Line 1: column 1 has "1a 1", expected a metric name/],
    ["a missing value", 'a{b="c"}\n', /^Line 1: the line ends after .*expected a value \(a number\)/],
    ["a value that is no number", "a 0x10\n", /column 3 has "0x10", expected a value/],
    ["a timestamp with a fraction", "a 1 1.5\n", /column 5 has "1\.5", expected a timestamp in whole milliseconds/],
    ["something after the timestamp", "a 1 1 1\n", /column 7 has "1", expected the end of the line/],
    ["an exemplar", "a 1 # {} 1\n", /column 5 has "# {} 1", expected a timestamp/],
    ["a label without quotes", "a{b=c} 1\n", /column 5 has "c} 1", expected a label value in double quotes/],
    ["a label value without an end", 'a{b="c} 1\n', /expected a double quote at the end/],
    ["a label twice", 'a{b="1",b="2"} 1\n', /expected another label than b/],
    ["a label with a colon", 'a{b:c="1"} 1\n', /column 4 has ":c/],
    ["braces without an end", 'a{b="1"\n', /expected "," or "}"/],
    ["a bucket without le", "# TYPE a histogram\na_bucket 1\n", /the label le is missing/],
    ["a bucket whose le is no number", '# TYPE a histogram\na_bucket{le="x"} 1\n', /le="x" is not a number/],
    ["an infinite bucket", '# TYPE a histogram\na_bucket{le="1"} +Inf\n', /must be finite/],
    ["a histogram's bare sample", "# TYPE a histogram\na 1\n", /samples are called a_bucket, a_sum and a_count/],
    ["a carriage return", "a 1\r\n", /column 3 has "1\\r"/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parsePrometheus(text),
        (error: InferometerError) => error instanceof InferometerError && error.code === "PARSE_ERROR" && message.test(error.message),
        `expected ${message}`,
      );
    });
  }

  it("refuses series that have too little in common to fit a table, before it asks for the memory", () => {
    const text = Array.from({ length: 6000 }, (_, k) => `a{l${k}="x"} 1\n`).join("");
    assert.throws(() => parsePrometheus(text), /6000 series with too many different label names/);
  });

  it("is not slowed down beyond measure by hostile lines", () => {
    const started = performance.now();
    const labels = Array.from({ length: 20_000 }, (_, k) => `l${k}="${"\\\\".repeat(20)}"`).join(",");
    const buckets = Array.from({ length: 20_000 }, (_, k) => `h_bucket{le="${k}"} 1\n`).join("");
    parsePrometheus(`a{${labels}} 1\n# TYPE h histogram\n${buckets}b{x="${"\\".repeat(1_000_000)}"} 1\n`);
    assert.ok(performance.now() - started < 5000);
  });
});
