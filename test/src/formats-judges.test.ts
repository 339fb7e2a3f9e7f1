// Others judge our formats: Prometheus' linter the text, the strictest OpenMetrics parser (Debian's python3-prometheus-client) what we write and what we refuse.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { FamilySnapshot, InferometerError, ManualClock, Registry, SeriesTable, Snapshot } from "@inferometer/metrics";
import { parseJson, parseOpenMetrics, parsePrometheus, toJson, toOpenMetrics, toPrometheus } from "@inferometer/metrics/formats";
import fc from "fast-check";
import { environment, unlessMissing, whereIs } from "../../tools/programs.mjs";

const PARSE = `
import json, math, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
def number(value):
    return "NaN" if math.isnan(value) else "+Inf" if value == math.inf else "-Inf" if value == -math.inf else value
def judge(text):
    try:
        return [[s.name, sorted(s.labels.items()), number(s.value)] for family in parse(text) for s in family.samples]
    except Exception as error:
        return repr(error)
json.dump([judge(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const python = (code: string, input = "") =>
  spawnSync("/usr/bin/python3", ["-c", code], { input, env: environment(), encoding: "utf8", maxBuffer: 2 ** 28 });

type Judgement = string | readonly (readonly [name: string, labels: readonly (readonly [string, string])[], value: number | string])[];

/** For each text the samples that Python's parser found, or its error. */
function judged(texts: readonly string[]): Judgement[] {
  const { stdout, stderr, status } = python(PARSE, JSON.stringify(texts));
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Judgement[];
}

const HOSTILE = [
  'a"b',
  "a\\",
  "a\nb",
  '"} 1\nevil 2',
  "\\n",
  " # {} 1",
  "}",
  ",",
  "=",
  " ",
  "\t",
  "\r\n",
  "\0",
  "é€😀",
  "\u2028",
  "__proto__",
  "# EOF",
];

/** A registry with every type that a registry makes, and hostile texts wherever a text may stand. */
function everything(): Snapshot {
  const metrics = new Registry({ namespace: "vision", labels: { site: HOSTILE.join("|") }, clock: new ManualClock() });
  const frames = metrics.counter("frames_processed_total", { help: HOSTILE.join("|"), labels: ["model"] });
  const latency = metrics.histogram("latency_seconds", { help: "Time.", unit: "seconds", labels: ["model"], buckets: [0.1, 1, 2_000_000] });
  const answer = metrics.summary("answer_seconds", { help: "Answers.", labels: ["model"], quantiles: [0.5, 1] });
  const info = metrics.info("build_info", { help: "About.", labels: ["model"] });
  for (const model of HOSTILE) {
    // Python's parser ends an exemplar's labels at the first brace, even within quotes.
    const exemplar = { trace_id: model.replace("}", ")") };
    frames.inc({ model }, 1.5, { exemplar });
    for (const value of [0.05, 0.5, 3e6]) latency.observe({ model }, value, { exemplar });
    answer.observe({ model }, 0.25);
    info.set({ model }); // an info has one label set, the last
  }
  const size = metrics.histogram("image_bytes", { help: "Sizes.", native: {} });
  for (const value of [0, 3, 40, 1e6]) size.observe(value);
  metrics.histogram("stage_seconds", { help: "Both.", buckets: [1], native: {} }).observe(0.5);
  metrics.stateSet("pipeline_state", { help: "State.", states: ["idle", "live"] }).set("live");
  const odd = metrics.gauge("odd", { help: "Odd values.", labels: ["k"] });
  for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e300, 5e-324]) odd.set({ k: `${value}` }, value);
  return metrics.snapshot();
}

/** What a registry does not make. */
function foreign(): FamilySnapshot[] {
  const table = new SeriesTable(["stage"]);
  table.add(["wait"]);
  const one = { help: "Foreign.", table, length: 1 };
  return [
    new FamilySnapshot({
      ...one,
      name: "waiting_seconds",
      type: "gaugehistogram",
      unit: "seconds",
      bounds: [-1, 1],
      values: Float64Array.of(2, 1, 0, -1.5),
    }),
    new FamilySnapshot({
      ...one,
      name: "seen",
      type: "unknown",
      values: Float64Array.of(Number.NaN),
      timestamps: Float64Array.of(1_600_000_000.125),
    }),
  ];
}

describe("promtool check metrics, judging our text", unlessMissing("promtool"), () => {
  it("finds no fault in any type, whatever the labels and helps are", () => {
    const { status, stdout, stderr } = spawnSync(whereIs("promtool")!, ["check", "metrics"], { input: toPrometheus(everything()), encoding: "utf8" });
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  });

  it("reads what a registry cannot make", () => {
    const { status, stderr } = spawnSync(whereIs("promtool")!, ["check", "metrics"], {
      input: toPrometheus(new Snapshot(foreign(), 0)),
      encoding: "utf8",
    });
    assert.doesNotMatch(stderr, /error|parse/i);
    assert.notEqual(status, 1, stderr);
  });

  it("reads what was parsed from JSON and OpenMetrics and written as text", () => {
    for (const snapshot of [parseJson(toJson(everything())), parseOpenMetrics(toOpenMetrics(everything()))]) {
      assert.equal(spawnSync(whereIs("promtool")!, ["check", "metrics"], { input: toPrometheus(snapshot), encoding: "utf8" }).stderr, "");
    }
  });
});

describe("Python's OpenMetrics parser, judging what we write", unlessMissing("prometheus_client"), () => {
  it("reads every type with hostile labels, and finds the values that were recorded", () => {
    const snapshot = new Snapshot([...everything().families, ...foreign()], 0);
    for (const options of [{}, { created: false }]) {
      const [samples] = judged([toOpenMetrics(snapshot, options)]);
      assert.ok(Array.isArray(samples), String(samples));
      const values = new Map(samples.map(([name, labels, value]) => [JSON.stringify([name, labels]), value]));
      const expect = (name: string, labels: Record<string, string>, value: number | string): void => {
        const key = JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
        assert.deepEqual(values.get(key), value, key);
      };
      const site = HOSTILE.join("|");
      for (const model of HOSTILE) {
        expect("vision_frames_processed_total", { site, model }, 1.5);
        expect("vision_latency_seconds_bucket", { site, model, le: "0.1" }, 1);
        expect("vision_latency_seconds_bucket", { site, model, le: "2e+06" }, 2);
        expect("vision_latency_seconds_count", { site, model }, 3);
        expect("vision_answer_seconds_sum", { site, model }, 0.25);
      }
      expect("vision_build_info", { site, model: HOSTILE.at(-1)! }, 1);
      expect("vision_pipeline_state", { site, vision_pipeline_state: "live" }, 1);
      expect("vision_odd", { site, k: "-Infinity" }, "-Inf");
      expect("vision_image_bytes_count", { site }, 4);
      expect("seen", { stage: "wait" }, "NaN");
      expect("waiting_seconds_gsum", { stage: "wait" }, -1.5);
      assert.equal(
        samples.some(([name]) => name.endsWith("_created")),
        options.created !== false,
      );
    }
  });

  it("reads any histogram, summary and counter that text 0.0.4 can hold, however strange", () => {
    const number = fc.constantFrom("-3", "0", "0.5", "7", "1e300", "NaN", "+Inf", "-Inf");
    const whole = fc.nat({ max: 9 });
    const text = fc
      .tuple(fc.constantFrom("-1", "0", "2.5"), whole, whole, number, number, number)
      .map(
        ([le, low, more, sum, quantile, total]) =>
          `# TYPE h histogram\nh_bucket{le="${le}"} ${low}\nh_bucket{le="+Inf"} ${low + more}\nh_sum ${sum}\nh_count ${low + more}\n` +
          `# TYPE s summary\ns{quantile="0.5"} ${quantile}\ns_sum ${sum}\ns_count ${low}\n# TYPE c counter\nc ${total}\n# TYPE c_total counter\nc_total ${total}\n`,
      );
    const texts = fc.sample(text, { numRuns: 300, seed: 7 }).map((one) => toOpenMetrics(parsePrometheus(one)));
    judged(texts).forEach((judgement, at) => {
      assert.ok(Array.isArray(judgement), `${judgement}\n${texts[at]}`);
    });
  });
});

describe("Python's OpenMetrics parser, beside ours", unlessMissing("prometheus_client"), () => {
  /** A valid text with a few random edits. */
  const edited = (lines: readonly string[]): fc.Arbitrary<string> => {
    const edit = fc.record({
      kind: fc.constantFrom("drop", "double", "swap", "character", "number", "time"),
      line: fc.nat({ max: lines.length - 1 }),
      other: fc.nat({ max: lines.length - 1 }),
      column: fc.nat({ max: 60 }),
      text: fc.constantFrom('"', "\\", "{", "}", ",", "=", " ", "#", "_", "a", "1", "-", ".", "\t", ""),
      value: fc.constantFrom("NaN", "-1", "0.5", "+Inf", "2", "1 5", "x", "0x1"),
    });
    return fc.array(edit, { minLength: 1, maxLength: 2 }).map((edits) => {
      const all = [...lines];
      for (const { kind, line, other, column, text, value } of edits) {
        const old = all[line] ?? "";
        if (kind === "drop") all.splice(line, 1);
        else if (kind === "double") all.splice(line, 0, old);
        else if (kind === "swap") [all[line], all[other]] = [all[other] ?? "", old];
        else if (kind === "character") all[line] = old.slice(0, column) + text + old.slice(column + 1);
        else if (kind === "number") all[line] = old.replace(/ [^ {}]+$/, ` ${value}`);
        else all[line] = `${old} 5`;
      }
      return `${all.join("\n")}\n`;
    });
  };

  it("refuses nothing that ours takes", () => {
    const base = [
      ...'# TYPE c counter\n# HELP c Help.\nc_total{a="1"} 2 # {id="x"} 1 5\nc_created{a="1"} 3\nc_total{a="2"} 2\n# TYPE g_s gauge\n# UNIT g_s s\ng_s 1'.split(
        "\n",
      ),
      ...'# TYPE h histogram\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 3\nh_created 4'.split("\n"),
      ...'# TYPE gh gaugehistogram\ngh_bucket{le="-1.0"} 1\ngh_bucket{le="+Inf"} 2\ngh_gcount 2\ngh_gsum -3'.split("\n"),
      ...'# TYPE s summary\ns{quantile="0.5"} 1\ns_count 2\ns_sum 3\n# TYPE i info\ni_info{v="1"} 1\n# TYPE st stateset\nst{st="a"} 1\nst{st="b"} 0\nu 1\n# EOF'.split(
        "\n",
      ),
    ];
    const texts = [`${base.join("\n")}\n`, ...fc.sample(edited(base), { numRuns: 3000, seed: 11 })];
    let bothTake = 0;
    judged(texts).forEach((judgement, at) => {
      const text = texts[at]!;
      let ours: unknown;
      try {
        parseOpenMetrics(text);
      } catch (error) {
        assert.ok(error instanceof InferometerError && error.code === "PARSE_ERROR", String(error));
        ours = error;
      }
      if (ours === undefined) {
        assert.ok(Array.isArray(judgement), `Python: ${judgement}\n${text}`);
        bothTake++;
      }
    });
    assert.ok(bothTake > 100, `only ${bothTake} texts were taken by both`);
  });
});
