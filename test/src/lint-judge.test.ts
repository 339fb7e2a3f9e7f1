// Prometheus' own linter judges ours: for each name both must see the same faults.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { InferometerError, lintMetric, type MetricType, Registry } from "@inferometer/metrics";
import { process as processCollector } from "@inferometer/metrics/collectors";
import { toPrometheus } from "@inferometer/metrics/formats";
import { visionMetrics } from "@inferometer/metrics/instrument";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";

interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
}

describe("lintMetric, judged by promtool check metrics", unlessMissing("promtool"), () => {
  it("sees what promtool sees in every word, at every place of a name", () => {
    const words = [
      ..."seconds bytes meters metres celsius grams joules amperes volts kelvin kelvins minutes hours days weeks fahrenheit rankine inches".split(
        " ",
      ),
      ..."yards miles bits calories pounds ounces ratio percent feet watts hertz second byte milliseconds microseconds nanoseconds".split(" "),
      ..."picoseconds centimeters decimeters decaseconds hectopascals kilobytes kibibytes megabytes mibibytes gigabytes".split(" "),
      ..."gibibits terabytes tebibytes petabytes pebibytes kilometres thermometers s ms us ns sec b kb mb gb tb pb m h d min p c MS Sec".split(" "),
      ..."counter gauge histogram summary untyped unknown gauge_histogram Counter gauges counters total bucket count sum info created".split(" "),
      ..."camelCase HTTP httpRequests le quantile constructor toString".split(" "),
    ];
    agree(words.flatMap((word) => [`${word}_alpha`, `alpha_${word}`, `alpha_${word}_beta`].map((name) => metric(name, "gauge"))));
  });

  it("applies the rules of reserved endings and labels to the same types", () => {
    const types = ["counter", "gauge", "histogram", "summary", "unknown"] as const;
    const endings = ["_seconds", "_total", "_bucket", "_count", "_sum", "_milliseconds", "_info"];
    const labels = [[], ["model"], ["le"], ["quantile"], ["le", "quantile"], ["modelName", "le"]];
    const all = types.flatMap((type) =>
      endings.flatMap((ending, e) =>
        labels
          .filter((set) => !(type === "histogram" && set.includes("le")) && !(type === "summary" && set.includes("quantile")))
          .map((set, l) => metric(`${type.slice(0, 2)}_case_${e}x${l}${ending}`, type, set)),
      ),
    );
    agree(all);
  });

  it("complains wherever promtool does when a name has several units, where promtool's choice is random", () => {
    const all = ["bits_per_kilobytes", "seconds_of_minutes", "bytes_in_milliseconds", "seconds_bytes"].map((name) => metric(name, "gauge"));
    const judged = judge(all);
    for (const each of all) {
      const ours = faultsOf(lintMetric({ ...each, help: "Some." }).map(({ text }) => text));
      for (const fault of judged.get(each.name) ?? []) assert.ok(ours.has(fault), `${each.name}: promtool says ${fault}`);
    }
  });

  it("refuses a _total on the wrong type, which promtool complains of", () => {
    const judged = judge([metric("frames_total", "gauge"), metric("frames", "counter"), metric("other_total", "counter")]);
    assert.deepEqual(
      [...judged],
      [
        ["frames", new Set(["total"])],
        ["frames_total", new Set(["total"])],
      ],
    );
    const metrics = new Registry();
    assert.throws(() => metrics.gauge("frames_total", { help: "Some." }), refusal("NAME_INVALID"));
    assert.throws(() => metrics.counter("frames", { help: "Some." }), refusal("NAME_INVALID"));
  });

  it("finds no fault in what a registry adds by itself", async () => {
    const metrics = new Registry({ seriesLimit: 1, lint: "throw" });
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
    for (const model of ["a", "b", "c"]) frames.inc({ model });
    metrics.gauge("broken", { help: "Breaks.", read: () => Number.NaN });
    metrics.register({ name: "pool", register: () => {}, collect: () => {} });
    await metrics.collect();
    const { snapshot } = await metrics.collect();
    assert.ok(snapshot.get("inferometer_series_overflow_total") !== undefined && snapshot.get("inferometer_callback_errors_total") !== undefined);
    assert.equal(promtoolSays(`${toPrometheus(snapshot)}`), "");
  });

  it("finds no fault in the metrics of a vision service, beside those of its process", async () => {
    const metrics = new Registry({ namespace: "vision_detect_segment", lint: "throw" });
    const vision = visionMetrics({ model: "owlv2", registry: metrics });
    metrics.register(processCollector({ eventLoopInterval: false }));
    recordEverything(vision);
    const { snapshot } = await metrics.collect();
    await metrics.close();
    for (const { name, length } of snapshot) assert.ok(length > 0 || !name.startsWith("vision_detect_segment_"), `${name} has no series`);
    assert.ok(snapshot.value("vision_detect_segment_memory_usage_bytes", { type: "rss" })! > 1, "the collector's and ours are one metric");
    assert.equal(promtoolSays(toPrometheus(snapshot)), "");
  });
});

function recordEverything(vision: ReturnType<typeof visionMetrics>): void {
  const source = vision.source("rtsp://door/live");
  source.frameReceived();
  source.frameAge(0.1);
  source.up();
  source.restarted("stalled");
  source.decodeError("corrupt");
  source.lag(3);
  vision.detected([{ label: "person", confidence: 0.9 }]);
  vision.modelInference(0.03, { device: "cuda:0", batchSize: 8 });
  vision.modelLoaded(1.5);
  vision.providerFallback("cuda", "cpu");
  vision.trackCreated();
  vision.trackLost("expired", { label: "person", seconds: 4 });
  vision.redisOperation("publish", 0.001, { error: "timeout" });
  vision.memory("rss", 1);
  vision.gpuMemory("cuda:0", 1e9);
  vision.error("detector", "timeout");
  vision.queueSize("frames", 3);
  vision.queueWait("frames", 0.01);
  vision.frameProcessed();
}

const metric = (name: string, type: MetricType, labelNames: readonly string[] = []): Metric => ({ name, type, labelNames });
const refusal = (code: string) => (error: unknown) => error instanceof InferometerError && error.code === code;

function agree(metrics: readonly Metric[]): void {
  assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length, "each name once");
  const judged = judge(metrics);
  const differ = metrics.flatMap((each) => {
    const ours = [...faultsOf(lintMetric({ ...each, help: "Some." }).map(({ text }) => text)), ...totalFault(each)].sort();
    const theirs = [...(judged.get(each.name) ?? [])].sort();
    return ours.join() === theirs.join() ? [] : [`${each.name} (${each.type}): ours [${ours}], promtool's [${theirs}]`];
  });
  assert.deepEqual(differ, []);
}

/** The rule of `_total`, which a registry refuses instead of warning. */
const totalFault = ({ name, type }: Metric): string[] => (type !== "unknown" && (type === "counter") !== name.endsWith("_total") ? ["total"] : []);

/** What promtool says, as rules: name -> faults. */
function judge(metrics: readonly Metric[]): Map<string, Set<string>> {
  const faults = new Map<string, Set<string>>();
  for (const line of promtoolSays(metrics.map(exposition).join("")).split("\n").filter(Boolean)) {
    const name = line.slice(0, line.indexOf(" "));
    faults.set(name, new Set([...(faults.get(name) ?? []), ...faultsOf([line.slice(name.length + 1)])]));
  }
  return faults;
}

function promtoolSays(text: string): string {
  const { stdout, stderr, error } = spawnSync(whereIs("promtool")!, ["check", "metrics"], { input: text, encoding: "utf8" });
  assert.equal(error, undefined);
  assert.doesNotMatch(stderr, /error while linting|parse/i);
  return stdout + stderr;
}

function exposition({ name, type, labelNames }: Metric): string {
  const labels = (more = ""): string => `{${[...labelNames.map((label) => `${label}="1"`), ...(more === "" ? [] : [more])].join(",")}}`;
  const head = `# HELP ${name} Some.\n# TYPE ${name} ${type === "unknown" ? "untyped" : type}\n`;
  const rest = `${name}_sum${labels()} 1\n${name}_count${labels()} 1\n`;
  if (type === "histogram") return `${head}${name}_bucket${labels('le="+Inf"')} 1\n${rest}`;
  if (type === "summary") return `${head}${name}${labels('quantile="0.5"')} 1\n${rest}`;
  return `${head}${name}${labels()} 1\n`;
}

/** Ours and promtool's words for the same rules. */
const RULES: readonly (readonly [fault: string, pattern: RegExp])[] = [
  ["help", /no help text/],
  ["unit", /is no base unit|use base unit/],
  ["type", /the name holds the type|should not include type/],
  ["abbreviation", /abbreviated unit/],
  ["total", /"_total" suffix/],
  ["_bucket", /^_bucket is|"_bucket" suffix/],
  ["_count", /^_count is|"_count" suffix/],
  ["_sum", /^_sum is|"_sum" suffix/],
  ["le", /label le is|"le" label/],
  ["quantile", /label quantile is|"quantile" label/],
  ["label case", /label \w+ is in camelCase|label names should be/],
  ["case", /the name is in camelCase|metric names should be written/],
];

function faultsOf(texts: readonly string[]): Set<string> {
  return new Set(
    texts.map((text) => {
      const rule = RULES.find(([, pattern]) => pattern.test(text));
      assert.ok(rule !== undefined, `a complaint that this test does not know: ${text}`);
      return rule[0];
    }),
  );
}
