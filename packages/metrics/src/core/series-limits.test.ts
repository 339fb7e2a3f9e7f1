import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";

const OVERFLOW = "inferometer_series_overflow_total";
const over = { a: "__overflow__" };
const help = { help: "M.", labels: ["a"] } as const;

function flood(inc: (labels: { a: string }) => void, count: number, from = 0): void {
  for (let n = from; n < from + count; n++) inc({ a: `v${n}` });
}

describe("the limit of a metric", () => {
  it("sends what is beyond it to one series, and counts that", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { ...help, seriesLimit: 3 });
    flood(frames.inc, 10);
    flood(frames.inc, 10);
    const snapshot = metrics.snapshot();
    assert.equal(snapshot.get("frames_total")!.length, 4);
    assert.deepEqual(
      ["v0", "v2", "v3"].map((a) => snapshot.value("frames_total", { a })),
      [2, 2, undefined],
    );
    assert.equal(snapshot.value("frames_total", over), 14);
    assert.equal(snapshot.value(OVERFLOW, { metric: "frames_total" }), 14);
  });

  it("holds for every type", () => {
    const metrics = new Registry();
    const limit = { ...help, seriesLimit: 2 };
    const [gauge, histogram, summary] = [metrics.gauge("g", limit), metrics.histogram("h_seconds", limit), metrics.summary("s_seconds", limit)];
    const states = metrics.stateSet("link_state", { ...limit, states: ["up", "down"] });
    for (let n = 0; n < 5; n++) {
      gauge.set({ a: `v${n}` }, n);
      histogram.observe({ a: `v${n}` }, n);
      summary.observe({ a: `v${n}` }, n);
      states.set({ a: `v${n}` }, "up");
    }
    const snapshot = metrics.snapshot();
    for (const name of ["g", "h_seconds", "s_seconds", "link_state"]) assert.equal(snapshot.get(name)!.length, 3, name);
    assert.deepEqual([snapshot.value("g", over), snapshot.value("h_seconds", over), snapshot.value("s_seconds", over)], [4, 3, 3]);
  });

  it("holds for held series, which all hold the overflow series then", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { ...help, seriesLimit: 1 });
    const [first, second, third] = ["1", "2", "3"].map((a) => frames.labels({ a }));
    assert.notEqual(first, second);
    assert.equal(second, third);
    third!.inc(5);
    assert.equal(metrics.snapshot().value("frames_total", over), 5);
  });

  it("stops the laying out of closed sets, which is bounded too", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { help: "F.", labels: { model: String, status: ["a", "b", "c"] }, seriesLimit: 4 });
    frames.inc({ model: "x", status: "b" });
    frames.inc({ model: "y", status: "b" });
    frames.inc({ model: "y", status: "c" });
    const snapshot = metrics.snapshot();
    assert.equal(snapshot.get("frames_total")!.length, 5);
    assert.deepEqual(
      [
        snapshot.value("frames_total", { model: "y", status: "b" }),
        snapshot.value("frames_total", { model: "__overflow__", status: "__overflow__" }),
      ],
      [1, 1],
    );
    const many = Array.from({ length: 20 }, (_, k) => `v${k}`);
    metrics.counter("grid_total", { help: "G.", labels: { a: many, b: many } });
    assert.equal(metrics.snapshot().get("grid_total")!.length, 0, "400 series are not made in advance");
  });

  it("keeps what a caller counted under the overflow series' own labels", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { ...help, seriesLimit: 2 });
    frames.inc(over, 100);
    frames.inc({ a: "1" });
    frames.inc({ a: "2" }, 10);
    frames.inc(over, 1000);
    assert.equal(metrics.snapshot().value("frames_total", over), 1110);
    assert.equal(metrics.snapshot().value(OVERFLOW, { metric: "frames_total" }), 1);
  });

  it("makes room again when series are removed", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { ...help, seriesLimit: 3 });
    flood(frames.inc, 5);
    frames.remove({ a: "v0" });
    frames.remove({ a: "v1" });
    frames.inc({ a: "new" });
    assert.equal(frames.value({ a: "new" }), 1);
    frames.remove(over);
    frames.inc({ a: "more" });
    assert.equal(frames.value({ a: "more" }), 1);
    frames.inc({ a: "beyond" });
    assert.deepEqual([frames.value({ a: "beyond" }), frames.value(over)], [0, 1]);
    frames.clear();
    flood(frames.inc, 3);
    assert.deepEqual([frames.value({ a: "v2" }), frames.value(over)], [1, 0]);
  });
});

describe("the limit of a registry", () => {
  it("is shared by its metrics, and each has an overflow series of its own", () => {
    const metrics = new Registry({ seriesLimit: 6 });
    const [one, two] = [metrics.counter("one_total", help), metrics.counter("two_total", help)];
    flood(one.inc, 4);
    flood(two.inc, 4);
    flood(one.inc, 2, 10);
    const snapshot = metrics.snapshot();
    const overflows = ["one_total", "two_total"].map((metric) => snapshot.value(OVERFLOW, { metric }));
    assert.deepEqual([snapshot.get("one_total")!.length, snapshot.get("two_total")!.length], [5, 3]);
    assert.deepEqual(overflows, [2, 2]);
  });

  it("does not drift, whatever is registered, removed and cleared", () => {
    const metrics = new Registry({ seriesLimit: 20 });
    const kept = metrics.counter("kept_total", help);
    flood(kept.inc, 10);
    for (let round = 0; round < 50; round++) {
      const plain = metrics.counter("plain_total", { help: "P." });
      plain.inc();
      metrics.unregister("plain_total");
      const labelled = metrics.gauge("labelled", help);
      labelled.set({ a: "1" }, 1);
      labelled.set({ a: "2" }, 1);
      if (round % 3 === 0) metrics.snapshot();
      labelled.remove({ a: "1" });
      if (round % 2 === 0) labelled.clear();
      metrics.unregister("labelled");
      labelled.set({ a: "after" }, 1);
      plain.inc();
    }
    flood(kept.inc, 30, 100);
    assert.equal(metrics.snapshot().get("kept_total")!.length, 21, "twenty, and the overflow series");
  });

  it("never stops a metric without labels", () => {
    const metrics = new Registry({ seriesLimit: 1 });
    for (const name of ["a_total", "b_total", "c_total"]) metrics.counter(name, { help: "C." }).inc();
    assert.deepEqual(
      ["a_total", "b_total", "c_total"].map((name) => metrics.snapshot().value(name)),
      [1, 1, 1],
    );
  });
});

describe("the counter of overflows", () => {
  it("is there only once it is needed, without a namespace, and comes back after it was removed", () => {
    const metrics = new Registry({ namespace: "vision" });
    const frames = metrics.counter("frames_total", { ...help, seriesLimit: 1 });
    frames.inc({ a: "1" });
    assert.equal(metrics.get(OVERFLOW), undefined);
    frames.inc({ a: "2" });
    assert.equal(metrics.snapshot().value(OVERFLOW, { metric: "vision_frames_total" }), 1);
    metrics.unregister(OVERFLOW);
    frames.inc({ a: "3" });
    assert.equal(metrics.snapshot().value(OVERFLOW, { metric: "vision_frames_total" }), 1);
  });

  it("belongs to no collector, so that it stays when one goes", () => {
    const metrics = new Registry();
    metrics.register({
      name: "noisy",
      register: (registry) => flood(registry.counter("noise_total", { ...help, seriesLimit: 1 }).inc, 3),
      collect: () => {},
    });
    metrics.unregister("noisy");
    assert.equal(metrics.snapshot().value(OVERFLOW, { metric: "noise_total" }), 2);
  });
});

describe("memory", () => {
  it("does not grow while label values come and go", () => {
    const metrics = new Registry({ clock: new ManualClock() });
    const frames = metrics.counter("frames_total", help);
    const latency = metrics.histogram("latency_seconds", { ...help, native: {} });
    const summary = metrics.summary("response_seconds", help);
    const churn = (from: number): void => {
      for (let n = from; n < from + 3000; n++) {
        const [now, before] = [{ a: `request-${n}` }, { a: `request-${n - 50}` }];
        frames.inc(now);
        latency.observe(now, 1);
        summary.observe(now, 1);
        for (const family of [frames, latency, summary]) family.remove(before);
        if (n % 1000 === 0) metrics.snapshot();
      }
    };
    churn(0);
    const { families, arena } = metrics.watch(undefined as never);
    const size = (): unknown => [arena.slabs.length, families.map((family) => [family.rows.slots.length, family.table.table.length])];
    const before = size();
    churn(3000);
    assert.deepEqual(size(), before);
    for (const family of families) {
      assert.equal(family.table.length, 50);
      assert.ok(family.table.dictionaries[0]!.size <= 50 + 128, `${family.table.dictionaries[0]!.size} values kept of 50`);
    }
  });

  it("is not held by the texts that label values were cut from", () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const frames = new Registry().counter("frames_total", help);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 100; n++) {
      const body = `${String(n).padStart(40, "0")}${"x".repeat(1_000_000)}`;
      frames.inc({ a: body.slice(0, 40) });
    }
    collectGarbage();
    const kept = process.memoryUsage().heapUsed - before;
    assert.equal(frames.value({ a: "99".padStart(40, "0") }), 1);
    assert.ok(kept < 20e6, `${kept} bytes kept of a hundred megabytes`);
  });
});
