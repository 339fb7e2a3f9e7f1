import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Merger, merge } from "./merge.ts";
import { Registry, type RegistryOptions } from "./registry.ts";
import { SeriesTable } from "./series-table.ts";
import { FamilySnapshot, type MergeRule, type MetricType, Snapshot } from "./snapshot.ts";

const clock = new ManualClock(1000);
const make = (options: RegistryOptions = {}): Registry => new Registry({ clock, ...options });

function counted(amounts: Readonly<Record<string, number>>, options: RegistryOptions = {}): Registry {
  const metrics = make(options);
  const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
  for (const [model, amount] of Object.entries(amounts)) frames.inc({ model }, amount);
  return metrics;
}

/** A family by hand, as a parser makes it. */
function parsed(type: MetricType, rows: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[], timestamp = 1): Snapshot {
  const labelNames = [...new Set(rows.flatMap(([labels]) => Object.keys(labels)))];
  const table = new SeriesTable(labelNames);
  for (const [labels] of rows) table.add(labelNames.map((name) => labels[name]));
  const values = Float64Array.from(rows.map(([, value]) => value));
  return new Snapshot([new FamilySnapshot({ name: "m", type, help: "", table, length: rows.length, values })], timestamp);
}

describe("merge", () => {
  it("adds counters, series by series, and keeps what only one has", () => {
    const merged = merge(counted({ a: 1, b: 2 }).snapshot(), counted({ b: 10, c: 20 }).snapshot());
    assert.deepEqual(
      ["a", "b", "c", "d"].map((model) => merged.value("frames_total", { model })),
      [1, 12, 20, undefined],
    );
  });

  it("of nothing is empty, and of one snapshot holds the same", () => {
    assert.deepEqual([merge().families.length, merge().timestamp], [0, 0]);
    const one = counted({ a: 1 }).snapshot();
    assert.deepEqual([merge(one).value("frames_total", { model: "a" }), merge(one).timestamp], [1, one.timestamp]);
  });

  it("takes the union of the metrics and the newest time", () => {
    const other = make({ clock: new ManualClock(5000) });
    other.gauge("fps", { help: "Frames a second." }).set(25);
    const merged = merge(other.snapshot(), counted({ a: 1 }).snapshot());
    assert.deepEqual([merged.families.map(({ name }) => name), merged.timestamp], [["fps", "frames_total"], 5000]);
  });

  it("leaves its sources as they were, and is not changed by them afterwards", () => {
    const [one, two] = [counted({ a: 1 }), counted({ a: 2 })];
    const [first, second] = [one.snapshot(), two.snapshot()];
    const merged = merge(first, second);
    one.reset();
    two.clear();
    assert.deepEqual(
      [first, second, merged].map((each) => each.value("frames_total", { model: "a" })),
      [1, 2, 3],
    );
  });

  const rules: readonly (readonly [rule: MergeRule, value: number])[] = [
    ["sum", 14],
    ["min", 2],
    ["max", 7],
    ["mean", 14 / 3],
    ["last", 2],
  ];
  for (const [rule, value] of rules) {
    it(`takes the ${rule} of a gauge that says so`, () => {
      const snapshots = [7, 5, 2].map((fps, k) => {
        const metrics = make({ clock: new ManualClock(1000 + k) });
        metrics.gauge("fps", { help: "Frames a second.", merge: rule }).set(fps);
        return metrics.snapshot();
      });
      assert.equal(merge(...snapshots).value("fps"), value);
      assert.equal(merge(...snapshots.toReversed()).value("fps"), value, "in any order");
    });
  }

  it("takes the last in order where two were taken at the same time", () => {
    const [one, two] = [3, 4].map((fps) => {
      const metrics = make();
      metrics.gauge("fps", { help: "Frames a second.", merge: "last" }).set(fps);
      return metrics.snapshot();
    });
    assert.deepEqual([merge(one!, two!).value("fps"), merge(two!, one!).value("fps")], [4, 3]);
  });

  it("adds gauges that may be negative by their rule, not by 0", () => {
    const [one, two] = [-5, -3].map((value) => {
      const metrics = make();
      for (const rule of ["min", "max"] as const) metrics.gauge(`offset_${rule}_seconds`, { help: "Offset.", merge: rule }).set(value);
      return metrics.snapshot();
    });
    const merged = merge(one!, two!);
    assert.deepEqual([merged.value("offset_min_seconds"), merged.value("offset_max_seconds")], [-5, -3]);
  });

  it("keeps a fact a fact, and a state that one of them has", () => {
    const [one, two] = (["up", "down"] as const).map((state) => {
      const metrics = make();
      metrics.info("application_info", { help: "What runs.", labels: ["version"] }).set({ version: "1" });
      metrics.stateSet("link_state", { help: "Link.", states: ["up", "down", "broken"] }).set(state);
      return metrics.snapshot();
    });
    const merged = merge(one!, two!);
    assert.equal(merged.value("application_info", { version: "1" }), 1);
    assert.deepEqual(
      ["up", "down", "broken"].map((link_state) => merged.value("link_state", { link_state })),
      [1, 1, 0],
    );
  });

  it("adds what has no known type", () => assert.equal(merge(parsed("unknown", [[{}, 1]]), parsed("unknown", [[{}, 2]])).value("m"), 3));

  it("adds count and sum of a summary, and knows quantiles only where one source has the series", () => {
    const [one, two] = [[1, 3], [100]].map((values, k) => {
      const metrics = make();
      const response = metrics.summary("response_seconds", { help: "Answer.", labels: ["path"], quantiles: k === 0 ? [0.5] : [0.5, 0.9] });
      for (const value of values) response.observe({ path: "/" }, value);
      response.observe({ path: `/${k}` }, 8);
      return metrics.snapshot();
    });
    const family = merge(one!, two!).get("response_seconds")!;
    assert.deepEqual(family.quantiles, [0.5, 0.9]);
    const both = family.summary(family.row({ path: "/" }));
    assert.deepEqual([both.count, both.sum], [3, 104]);
    assert.ok(both.quantiles.every(([, value]) => Number.isNaN(value)));
    const [median, high] = family.summary(family.row({ path: "/1" })).quantiles;
    assert.ok(Math.abs(median![1] - 8) < 0.08 && Math.abs(high![1] - 8) < 0.08);
    assert.ok(Number.isNaN(family.summary(family.row({ path: "/0" })).quantiles[1]![1]), "a quantile that its source lacks");
  });

  it("turns constant labels into labels, so that instances stay apart", () => {
    const merged = merge(counted({ a: 1 }, { labels: { site: "x" } }).snapshot(), counted({ a: 2 }, { labels: { site: "y" } }).snapshot());
    const family = merged.get("frames_total")!;
    assert.deepEqual(family.labelNames, ["site", "model"]);
    assert.deepEqual([merged.value("frames_total", { site: "x", model: "a" }), merged.value("frames_total", { site: "y", model: "a" })], [1, 2]);
  });

  it("keeps a row without a label apart from one where it is empty", () => {
    const merged = merge(parsed("gauge", [[{ a: "1" }, 1]]), parsed("gauge", [[{ a: "1", b: "" }, 2]]));
    assert.deepEqual([merged.value("m", { a: "1" }), merged.value("m", { a: "1", b: "" })], [1, 2]);
  });

  it("takes the earliest known time of creation, and all exemplars", () => {
    const [early, late] = [100, 200].map((origin) => {
      const metrics = make({ clock: new ManualClock(origin) });
      metrics.counter("frames_total", { help: "Frames." }).inc(1, { exemplar: { trace_id: `t${origin}` } });
      return metrics.snapshot();
    });
    const family = merge(late!, early!).get("frames_total")!;
    assert.equal(family.created![0], 100);
    assert.deepEqual(
      family.exemplars!.get(0)!.map(({ labels }) => labels.trace_id),
      ["t200", "t100"],
    );
    const unknown = merge(parsed("counter", [[{}, 1]]), parsed("counter", [[{}, 1]])).get("m")!;
    assert.ok(Number.isNaN(unknown.created![0]));
  });

  it("refuses one name with two types", () => {
    const other = make();
    other.gauge("frames", { help: "Frames." });
    const counter = parsed("counter", [[{}, 1]]);
    assert.throws(() => merge(counter, parsed("gauge", [[{}, 1]])), {
      code: "MERGE_CONFLICT",
      message: "m is a counter in one snapshot and a gauge in another. Rename one of them.",
    });
  });
});

describe("Merger", () => {
  it("gives what a fresh merge gives, while series and metrics come and go", () => {
    const merger = new Merger();
    const registries = [counted({ a: 1 }), counted({ b: 1 }), counted({})];
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 300; round++) {
      const metrics = registries[random(3)]!;
      const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
      const latency = metrics.histogram("latency_seconds", { help: "Time.", labels: ["stage"], buckets: [1, 2], native: {} });
      const model = `m${random(6)}`;
      const action = random(10);
      if (action < 5) frames.inc({ model }, random(9));
      else if (action === 5) frames.remove({ model });
      else if (action === 6) frames.clear();
      else if (action === 7) metrics.unregister("frames_total");
      else latency.observe({ stage: model }, random(4));
      const snapshots = registries.slice(0, 1 + random(3)).map((each) => each.snapshot());
      assert.deepEqual(plain(merger.merge(snapshots)), plain(merge(...snapshots)), `round ${round}`);
    }
  });

  it("drops a series that no source has any more", () => {
    const merger = new Merger();
    const [one, two] = [counted({ a: 1, gone: 5 }), counted({ a: 2 })];
    merger.merge([one.snapshot(), two.snapshot()]);
    one.counter("frames_total", { help: "Frames.", labels: ["model"] }).remove({ model: "gone" });
    assert.deepEqual(plain(merger.merge([one.snapshot(), two.snapshot()])).frames_total, { '{"model":"a"}': 3 });
  });

  it("lets what it gave before stay as it was", () => {
    const merger = new Merger();
    const [one, two] = [counted({ a: 1 }), counted({ a: 2 })];
    const before = merger.merge([one.snapshot(), two.snapshot()]);
    one.counter("frames_total", { help: "Frames.", labels: ["model"] }).inc({ model: "new" }, 7);
    const after = merger.merge([one.snapshot(), two.snapshot()]);
    assert.deepEqual(plain(before).frames_total, { '{"model":"a"}': 3 });
    assert.deepEqual(plain(after).frames_total, { '{"model":"a"}': 3, '{"model":"new"}': 7 });
    assert.equal(before.value("frames_total", { model: "new" }), undefined);
  });
});

/** A snapshot as plain data, series in any order. */
function plain(snapshot: Snapshot): Record<string, Record<string, unknown>> {
  const families = [...snapshot].map((family) => {
    const rows = Array.from({ length: family.length }, (_, row) => {
      const labels = JSON.stringify(Object.fromEntries(Object.entries(family.labels(row)).sort()));
      return [labels, family.type === "histogram" ? family.histogram(row) : family.value(row)] as const;
    });
    return [family.name, Object.fromEntries(rows)] as const;
  });
  return Object.fromEntries(families);
}
