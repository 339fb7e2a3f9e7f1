import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";
import type { Snapshot } from "./snapshot.ts";

const labels = ["model"] as const;
const models = (snapshot: Snapshot, name = "frames_total"): Record<string, number> => {
  const family = snapshot.get(name)!;
  return Object.fromEntries(Array.from({ length: family.length }, (_, row) => [family.labels(row).model, family.value(row)]));
};

function frames(amounts: Readonly<Record<string, number>>) {
  const clock = new ManualClock(1000);
  const metrics = new Registry({ clock });
  const family = metrics.counter("frames_total", { help: "Frames.", labels });
  for (const [model, amount] of Object.entries(amounts)) family.inc({ model }, amount);
  return { clock, metrics, family };
}

// A table that a snapshot has seen is left to it; one that none has seen is changed in place.
for (const captured of [false, true]) {
  const when = captured ? "after a snapshot" : "before any snapshot";

  describe(`removing a series ${when}`, () => {
    it("leaves the others, and their held handles, as they were", () => {
      const { metrics, family } = frames({ a: 1, b: 2, c: 3, d: 4 });
      const held = Object.fromEntries(["a", "b", "c", "d"].map((model) => [model, family.labels({ model })]));
      if (captured) metrics.snapshot();
      assert.equal(family.remove({ model: "b" }), true);
      assert.equal(family.remove({ model: "b" }), false);
      for (const handle of Object.values(held)) handle.inc(10);
      family.inc({ model: "d" }, 100);
      assert.deepEqual(models(metrics.snapshot()), { a: 11, c: 13, d: 114 });
      assert.equal(held.b!.value(), 0);
      family.inc({ model: "b" }, 7);
      assert.deepEqual([family.value({ model: "b" }), held.b!.value()], [7, 0], "a new series; the old handle stays out");
    });

    it("keeps each series' time of creation", () => {
      const { clock, metrics, family } = frames({ a: 1 });
      clock.advance(1000);
      family.inc({ model: "b" });
      clock.advance(1000);
      family.inc({ model: "c" });
      if (captured) metrics.snapshot();
      family.remove({ model: "a" });
      clock.advance(1000);
      family.inc({ model: "a" });
      const snapshot = metrics.snapshot().get("frames_total")!;
      assert.deepEqual(
        ["a", "b", "c"].map((model) => snapshot.created![snapshot.row({ model })]),
        [1003, 1001, 1002],
      );
    });

    it("works for any sequence, as a map does", () => {
      const { metrics, family } = frames({});
      const model = new Map<string, number>();
      let state = 7;
      for (let n = 0; n < 3000; n++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const name = `m${(state >>> 8) % 40}`;
        if ((state >>> 20) % 3 === 0) assert.equal(family.remove({ model: name }), model.delete(name));
        else {
          family.inc({ model: name });
          model.set(name, (model.get(name) ?? 0) + 1);
        }
        if (captured && n % 100 === 0) metrics.snapshot();
      }
      assert.deepEqual(models(metrics.snapshot()), Object.fromEntries(model));
    });
  });

  describe(`clearing a metric ${when}`, () => {
    it("removes all its series, and detaches their handles", () => {
      const { metrics, family } = frames({ a: 1, b: 2 });
      const held = family.labels({ model: "a" });
      if (captured) metrics.snapshot();
      family.clear();
      held.inc(5);
      assert.deepEqual([models(metrics.snapshot()), held.value()], [{}, 0]);
      family.inc({ model: "a" });
      assert.deepEqual(models(metrics.snapshot()), { a: 1 });
    });
  });

  describe(`resetting a registry ${when}`, () => {
    it("sets everything to zero, keeps series and handles, and begins anew", () => {
      const { clock, metrics, family } = frames({ a: 1, b: 2 });
      const latency = metrics.histogram("latency_seconds", { help: "Time.", labels, native: {}, buckets: [1] });
      const tracks = metrics.gauge("tracks", { help: "Tracks." });
      latency.observe({ model: "a" }, 1e9);
      tracks.set(5);
      const held = family.labels({ model: "a" });
      if (captured) metrics.snapshot();
      clock.advance(5000);
      metrics.reset();
      held.inc(3);
      latency.observe({ model: "a" }, 0.5);
      const snapshot = metrics.snapshot();
      assert.deepEqual([models(snapshot), snapshot.value("tracks")], [{ a: 3, b: 0 }, 0]);
      const point = snapshot.get("latency_seconds")!.histogram();
      assert.deepEqual([point.count, point.sum, point.buckets[0]], [1, 0.5, [1, 1]]);
      assert.deepEqual([point.native!.schema, point.native!.positive], [5, { offset: -32, counts: [1] }]);
      assert.equal(snapshot.get("frames_total")!.created![0], 1005);
    });
  });
}

describe("unregistering a metric", () => {
  it("takes it out of snapshots; what is held counts nowhere", () => {
    const { metrics, family } = frames({ a: 1 });
    const [held, plain] = [family.labels({ model: "a" }), metrics.gauge("tracks", { help: "Tracks." })];
    assert.equal(metrics.unregister("frames_total"), true);
    assert.equal(metrics.unregister("frames_total"), false);
    metrics.unregister("tracks");
    held.inc();
    for (const model of ["a", "b", "a", "b", "c"]) family.inc({ model });
    plain.set(5);
    assert.equal(metrics.snapshot().families.length, 0);
    assert.deepEqual([held.value(), family.value({ model: "a" }), family.value({ model: "b" }), plain.value()], [0, 0, 0, 0]);
    assert.throws(() => family.inc({ modle: "a" } as never), { code: "LABEL_UNKNOWN" }, "mistakes are still mistakes");
  });

  it("frees its names for another declaration", () => {
    const { metrics } = frames({ a: 1 });
    metrics.unregister("frames_total");
    const again = metrics.counter("frames_total", { help: "Other frames.", labels: ["camera"] });
    again.inc({ camera: "1" }, 2);
    assert.equal(metrics.snapshot().value("frames_total", { camera: "1" }), 2);
    metrics.unregister("frames_total");
    metrics.gauge("frames", { help: "Frames." });
  });

  it("finds it by its full name and by the name in the namespace", () => {
    const metrics = new Registry({ namespace: "vision" });
    for (const name of ["fps", "vision_fps"]) {
      metrics.gauge("fps", { help: "Frames a second." });
      assert.equal(metrics.unregister(name), true);
    }
  });

  it("all at once, with collectors, by clear", async () => {
    const { metrics } = frames({ a: 1 });
    let closed = 0;
    metrics.register({
      name: "pool",
      register: (registry) => registry.gauge("pool_size", { help: "Size." }),
      collect: () => {},
      close: () => void closed++,
    });
    metrics.clear();
    assert.deepEqual([metrics.snapshot().families.length, metrics.collectorStates().length, closed], [0, 0, 1]);
    metrics.counter("frames_total", { help: "Frames.", labels }).inc({ model: "new" });
    assert.deepEqual(models(metrics.snapshot()), { new: 1 });
  });
});
