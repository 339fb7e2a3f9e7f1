import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { Registry } from "./registry.ts";

const help = "Something.";
type Make = (metrics: Registry) => unknown;
/** What a caller without types may write. */
const as = <T>(value: unknown): T => value as T;

describe("a registry refuses", () => {
  const mistakes: readonly (readonly [what: string, make: Make, code: string, message: RegExp])[] = [
    ["a counter without _total", (m) => m.counter("frames", { help }), "NAME_INVALID", /Metric name "frames": a counter's name ends in _total/],
    ["an info without _info", (m) => m.info("version", { help, labels: ["v"] }), "NAME_INVALID", /ends in _info/],
    ["no name", (m) => m.gauge(as(undefined), { help }), "NAME_INVALID", /Metric name undefined/],
    ["a name that is a number", (m) => m.counter(as(5), { help }), "NAME_INVALID", /Metric name 5/],
    [
      "no options (counter)",
      (m) => m.counter("a_total", as(undefined)),
      "HELP_MISSING",
      /a_total has no help text. Say in a sentence what it measures/,
    ],
    ["no options (gauge)", (m) => m.gauge("a", as(undefined)), "HELP_MISSING", /a has no help text/],
    ["no options (histogram)", (m) => m.histogram("a", as(undefined)), "HELP_MISSING", /a has no help text/],
    ["no options (summary)", (m) => m.summary("a", as(undefined)), "HELP_MISSING", /a has no help text/],
    ["no help", (m) => m.gauge("a", as({})), "HELP_MISSING", /a has no help text/],
    ["an empty help", (m) => m.gauge("a", { help: " " }), "HELP_MISSING", /a has no help text/],
    ["a help that is a number", (m) => m.gauge("a", { help: as(5) }), "HELP_MISSING", /a has no help text/],
    [
      "le on a histogram",
      (m) => m.histogram("a", { help, labels: ["le"] }),
      "LABEL_NAME_INVALID",
      /Label "le" of a: a histogram writes its buckets' bounds/,
    ],
    ["quantile on a summary", (m) => m.summary("a", { help, labels: ["quantile"] }), "LABEL_NAME_INVALID", /Label "quantile" of a/],
    ["__proto__ as a label", (m) => m.gauge("a", { help, labels: ["__proto__"] }), "LABEL_NAME_INVALID", /two underscores/],
    ["a label that is a number", (m) => m.gauge("a", { help, labels: [as<string>(5)] }), "LABEL_NAME_INVALID", /Label 5 of a/],
    ["labels that are a text", (m) => m.gauge("a", { help, labels: as<string[]>("model") }), "OPTION_INVALID", /a: labels is "model"/],
    [
      "a unit that the name lacks",
      (m) => m.gauge("a", { help, unit: "bytes" }),
      "NAME_INVALID",
      /a has the unit "bytes", but its name does not end in it. Call it …_bytes\./,
    ],
    ["the same on a counter", (m) => m.counter("a_total", { help, unit: "bytes" }), "NAME_INVALID", /Call it …_bytes_total\./],
    ["a limit of 0", (m) => m.gauge("a", { help, seriesLimit: 0 }), "OPTION_INVALID", /a: seriesLimit is 0. Give a number of at least 1/],
    ["a limit that is NaN", (m) => m.gauge("a", { help, seriesLimit: Number.NaN }), "OPTION_INVALID", /seriesLimit is NaN/],
    [
      "an unknown rule",
      (m) => m.gauge("a", { help, merge: as("add") }),
      "OPTION_INVALID",
      /a: merge is "add". Give "sum", "min", "max", "mean" or "last"/,
    ],
    ["an expiry in numbers", (m) => m.gauge("a", { help, expireAfter: as(10) }), "DURATION_INVALID", /10 is not a duration/],
    ["an expiry of nothing", (m) => m.gauge("a", { help, expireAfter: "0s" }), "OPTION_INVALID", /a: expireAfter is "0s". Give a time above 0/],
    ["unsorted buckets", (m) => m.histogram("a", { help, buckets: [2, 1] }), "BUCKETS_INVALID", /bound 1 is 1, not above 2/],
    [
      "a schema of 9",
      (m) => m.histogram("a", { help, native: { schema: 9 } }),
      "OPTION_INVALID",
      /a: native.schema is 9. Give a whole number from 0 to 8/,
    ],
    ["native: true", (m) => m.histogram("a", { help, native: as(true) }), "OPTION_INVALID", /a: native is true. Give an object, such as \{\}/],
    ["native: null", (m) => m.histogram("a", { help, native: as(null) }), "OPTION_INVALID", /native is null/],
    ["a quantile of 99", (m) => m.summary("a", { help, quantiles: [0.5, 99] }), "OPTION_INVALID", /a: a quantile is 99. Give a number from 0 to 1/],
    ["a quantile that is a text", (m) => m.summary("a", { help, quantiles: [as("0.5")] }), "OPTION_INVALID", /a quantile is "0.5"/],
    ["quantiles that are no list", (m) => m.summary("a", { help, quantiles: as(0.5) }), "OPTION_INVALID", /quantiles is 0.5. Give an array/],
    ["a window of nothing", (m) => m.summary("a", { help, maxAge: "0s" }), "OPTION_INVALID", /a: maxAge is "0s". Give a time such as "10m"/],
    ["a window in numbers", (m) => m.summary("a", { help, maxAge: as(600) }), "DURATION_INVALID", /600 is not a duration/],
    ["no parts of a window", (m) => m.summary("a", { help, ageBuckets: 0 }), "OPTION_INVALID", /ageBuckets is 0. Give a whole number from 1 to 1000/],
    ["half a part", (m) => m.summary("a", { help, ageBuckets: 1.5 }), "OPTION_INVALID", /ageBuckets is 1.5/],
    [
      "an unknown way to lint",
      (m) => m.gauge("a", { help, lint: as("error") }),
      "OPTION_INVALID",
      /a: lint is "error". Give "warn", "throw" or "off"/,
    ],
  ];
  for (const [what, make, code, message] of mistakes) {
    it(`${what}, and keeps nothing of it`, () => {
      for (const metrics of [new Registry(), new Registry({ namespace: "n" })]) {
        assert.throws(
          () => make(metrics),
          (error: Error & { code?: string }) => error.name === "InferometerError" && error.code === code,
        );
        assert.equal(metrics.snapshot().families.length, 0);
      }
      assert.throws(() => make(new Registry()), { code, message });
    });
  }

  it("a label that the whole registry has", () => {
    const metrics = new Registry({ labels: { site: "a" } });
    const message = 'Label "site" of fps is a label of the whole registry already. Choose another name.';
    assert.throws(() => metrics.gauge("fps", { help, labels: ["site"] }), { code: "LABEL_NAME_INVALID", message });
  });
});

describe("a name that promtool would complain of", () => {
  const text = 'latency_ms: ms is an abbreviated unit; write it out (seconds, bytes …). To keep it all the same, pass lint: "off".';

  it("warns the process, once", async () => {
    const warned = once(process, "warning");
    for (let n = 0; n < 3; n++) new Registry().gauge("latency_ms", { help });
    const [warning] = (await warned) as [Error];
    assert.deepEqual([warning.name, warning.message], ["InferometerWarning", text]);
    let again = false;
    process.once("warning", () => (again = true));
    new Registry().gauge("latency_ms", { help });
    await new Promise(setImmediate);
    assert.equal(again, false);
    process.removeAllListeners("warning");
  });

  it("throws where that is asked for, of one metric or of all", () => {
    assert.throws(() => new Registry({ lint: "throw" }).gauge("latency_ms", { help }), { code: "NAME_INVALID", message: text });
    assert.throws(() => new Registry().gauge("latency_ms", { help, lint: "throw" }), { code: "NAME_INVALID", message: text });
    new Registry({ lint: "throw" }).gauge("latency_ms", { help, lint: "off" });
  });

  it("warns on the console where there is no process, as on a page", () => {
    const { process: own } = globalThis;
    const { warn } = console;
    const texts: unknown[] = [];
    try {
      Object.defineProperty(globalThis, "process", { value: undefined, configurable: true, writable: true });
      console.warn = (warning: unknown) => texts.push(warning);
      new Registry().gauge("page_ms", { help });
    } finally {
      Object.defineProperty(globalThis, "process", { value: own, configurable: true, writable: true });
      console.warn = warn;
    }
    assert.equal(texts.length, 1);
    assert.match(String(texts[0]), /^page_ms: ms is an abbreviated unit/);
  });
});
