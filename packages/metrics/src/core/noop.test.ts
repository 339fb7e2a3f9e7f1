import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { NoopRegistry } from "./noop.ts";
import { Registry } from "./registry.ts";
import { Timer } from "./timer.ts";

const help = "Something.";
const labels = ["x"] as const;
const all = (metrics: Registry) => ({
  counter: metrics.counter("a_total", { help }),
  counters: metrics.counter("b_total", { help, labels }),
  gauge: metrics.gauge("c", { help }),
  gauges: metrics.gauge("d", { help, labels }),
  histogram: metrics.histogram("e_seconds", { help }),
  histograms: metrics.histogram("f_seconds", { help, labels }),
  summary: metrics.summary("g_seconds", { help }),
  summaries: metrics.summary("h_seconds", { help, labels }),
  info: metrics.info("i_info", { help, labels }),
  states: metrics.stateSet("j", { help, states: ["up"] }),
  stateSets: metrics.stateSet("k", { help, states: ["up"], labels }),
});

/** Called by the library itself only. */
const INTERNAL = ["constructor", "attach", "read", "forget"];

describe("a registry that does nothing", () => {
  it("gives each metric every method of the real one", () => {
    const [real, silent] = [all(new Registry()), all(new NoopRegistry())];
    for (const [kind, metric] of Object.entries(real)) {
      const prototype = Object.getPrototypeOf(metric) as object;
      const own = Object.getOwnPropertyNames(metric).filter((name) => typeof Reflect.get(metric, name) === "function");
      for (const name of [...Object.getOwnPropertyNames(prototype), ...own].filter((each) => !INTERNAL.includes(each)))
        assert.ok(Object.hasOwn(silent[kind as keyof typeof silent], name), `${kind}.${name}`);
      assert.equal(Object.getPrototypeOf(silent[kind as keyof typeof silent]), prototype, "instanceof still holds");
    }
  });

  it("takes every call, right or wrong, and remembers nothing", async () => {
    const clock = new ManualClock();
    const metrics = new NoopRegistry({ clock });
    const { counter, counters, gauge, gauges, histogram, histograms, summary, summaries, info, states, stateSets } = all(metrics);
    const x = { x: "1" };
    counter.inc();
    counter.inc(-5);
    counter.mirror(7);
    counters.inc(x, 3);
    counters.labels(x).inc();
    gauge.set(Number.NaN);
    gauge.inc();
    gauge.dec();
    gauge.setToCurrentTime();
    gauges.set(x, 5);
    for (const each of [histogram, summary]) each.observe(1);
    for (const each of [histograms, summaries]) each.observe(x, 1);
    info.set(x);
    states.set("up");
    states.enable("up");
    states.disable("up");
    stateSets.set(x, "up");
    stateSets.labels(x).set("up");
    counters.clear();
    assert.deepEqual([counter.value(), counters.value(x), gauge.value(), gauges.value(x), counters.remove(x)], [0, 0, 0, 0, false]);
    assert.deepEqual([histogram.statistics().count, summaries.distribution(x).count], [0, 0]);
    assert.equal(metrics.snapshot().families.length, 0);
    assert.deepEqual([(await metrics.collect()).snapshot.families.length, metrics.collectorStates()], [0, []]);
  });

  it("runs what is timed, and passes on its result and its failure", async () => {
    const { histogram, histograms, summaries } = all(new NoopRegistry());
    assert.equal(
      histogram.time(() => 5),
      5,
    );
    assert.equal(await summaries.time({ x: "1" }, async () => 6), 6);
    assert.throws(() => histograms.time({ x: "1" }, () => assert.fail("broken")), /broken/);
    using timer = histograms.startTimer({ x: "1" });
    assert.ok(timer instanceof Timer);
    assert.deepEqual([timer.stop(), histograms.startTimer().stop({ x: "1" })], [0, 0]);
  });

  it("still tells the programmer's mistakes of declaration", () => {
    const metrics = new NoopRegistry();
    assert.throws(() => metrics.counter("frames", { help }), { code: "NAME_INVALID" });
    metrics.gauge("fps", { help });
    assert.throws(() => metrics.gauge("fps", { help: "Else." }), { code: "METRIC_CONFLICT" });
  });

  it("gives the same metric for the same declaration, and by its name", () => {
    const metrics = new NoopRegistry({ namespace: "n" });
    const fps = metrics.gauge("fps", { help });
    assert.equal(metrics.gauge("fps", { help }), fps);
    assert.deepEqual([metrics.get("fps"), metrics.get("none")], [fps, undefined]);
  });

  it("asks no collector and calls no callback", async () => {
    const metrics = new NoopRegistry();
    const never = (): never => assert.fail("asked");
    metrics.register({ name: "pool", register: never, collect: never });
    metrics.gauge("queue_size", { help, read: never });
    metrics.snapshot();
    await metrics.collect();
    await metrics.close();
  });
});
