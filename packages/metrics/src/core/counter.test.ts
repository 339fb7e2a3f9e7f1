import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";

const NOT_AMOUNTS: readonly unknown[] = [
  Number.NaN,
  -1,
  -Number.MIN_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  "1",
  null,
  1n,
  {},
  [],
];

describe("a counter", () => {
  it("starts at 0 and adds 1 or what it is given", () => {
    const frames = new Registry().counter("frames_total", { help: "Frames." });
    assert.equal(frames.value(), 0);
    frames.inc();
    frames.inc(2.5);
    frames.inc(0);
    frames.inc(undefined);
    assert.equal(frames.value(), 4.5);
  });

  it("adds under labels, and through held series", () => {
    const frames = new Registry().counter("frames_total", { help: "Frames.", labels: ["model"] });
    frames.inc({ model: "a" });
    frames.inc({ model: "a" }, 2);
    const held = frames.labels({ model: "a" });
    held.inc(3);
    assert.equal(frames.labels({ model: "a" }), held, "the same handle");
    assert.deepEqual([held.value(), frames.value({ model: "a" }), frames.value({ model: "b" })], [6, 6, 0]);
  });

  for (const by of NOT_AMOUNTS) {
    const shown = typeof by === "bigint" ? `${by}n` : JSON.stringify(by) === undefined || typeof by === "number" ? String(by) : JSON.stringify(by);
    it(`refuses to grow by ${shown}, by every way, and stays as it was`, () => {
      const metrics = new Registry();
      const [plain, labelled] = [metrics.counter("a_total", { help: "A." }), metrics.counter("b_total", { help: "B.", labels: ["x"] })];
      const held = labelled.labels({ x: "1" });
      const refusal = {
        code: "VALUE_INVALID",
        message: /_total cannot grow by .*: a counter does not go down and holds finite numbers. Pass a number of at least 0, or use a gauge/,
      };
      assert.throws(() => plain.inc(by as number), refusal);
      assert.throws(() => held.inc(by as number), refusal);
      for (let round = 0; round < 3; round++) assert.throws(() => labelled.inc({ x: "1" }, by as number), refusal);
      assert.throws(() => plain.mirror(by as number), refusal);
      assert.deepEqual([plain.value(), held.value()], [0, 0]);
    });
  }

  it("never reaches NaN, and says so with the value seen", () => {
    assert.throws(() => new Registry().counter("frames_total", { help: "Frames." }).inc(-1), { message: /^frames_total cannot grow by -1: / });
  });
});

describe("a counter that mirrors another total", () => {
  it("takes it over, and begins anew when it fell", () => {
    const clock = new ManualClock(1000);
    const metrics = new Registry({ clock });
    const faults = metrics.counter("faults_total", { help: "Faults." });
    faults.mirror(10);
    clock.advance(60_000);
    faults.mirror(15);
    const before = metrics.snapshot();
    assert.deepEqual([before.value("faults_total"), before.get("faults_total")!.created![0]], [15, Number.NaN]);
    faults.mirror(3);
    const after = metrics.snapshot();
    assert.deepEqual([after.value("faults_total"), after.get("faults_total")!.created![0]], [3, 1060]);
    assert.equal(before.get("faults_total")!.created![0], Number.NaN, "a snapshot stays as it was");
  });

  it("does nothing once its series is removed", () => {
    const faults = new Registry().counter("faults_total", { help: "Faults.", labels: ["cpu"] });
    const held = faults.labels({ cpu: "0" });
    held.mirror(5);
    faults.remove({ cpu: "0" });
    held.mirror(7);
    held.mirror(6);
    assert.deepEqual([held.value(), faults.value({ cpu: "0" })], [0, 0]);
  });
});

describe("a counter's exemplars", () => {
  it("keep the newest of each series, with the time", () => {
    const clock = new ManualClock(1000);
    const metrics = new Registry({ clock });
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
    frames.inc({ model: "a" }, 2, { exemplar: { trace_id: "1" } });
    clock.advance(1000);
    frames.labels({ model: "a" }).inc(3, { exemplar: { trace_id: "2" } });
    frames.inc({ model: "b" }, undefined, { exemplar: { trace_id: "3" } });
    frames.inc({ model: "b" }, 9, {});
    const family = metrics.snapshot().get("frames_total")!;
    assert.deepEqual(family.exemplars!.get(family.row({ model: "a" })), [{ labels: { trace_id: "2" }, value: 3, timestamp: 1001 }]);
    assert.deepEqual(family.exemplars!.get(family.row({ model: "b" })), [{ labels: { trace_id: "3" }, value: 1, timestamp: 1001 }]);
  });

  it("follow their series when others are removed, and go with their own", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
    for (const model of ["a", "b", "c"]) frames.inc({ model }, 1, { exemplar: { of: model } });
    const of = (model: string): string | undefined => {
      const family = metrics.snapshot().get("frames_total")!;
      return family.exemplars?.get(family.row({ model }))?.[0]?.labels.of;
    };
    frames.remove({ model: "a" });
    assert.deepEqual(["a", "b", "c"].map(of), [undefined, "b", "c"]);
    frames.remove({ model: "b" });
    assert.deepEqual(["b", "c"].map(of), [undefined, "c"]);
    frames.inc({ model: "a" });
    assert.equal(of("a"), undefined);
    metrics.reset();
    assert.equal(metrics.snapshot().get("frames_total")!.exemplars, undefined);
  });

  it("of a removed series are kept nowhere", () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
    const held = frames.labels({ model: "a" });
    frames.remove({ model: "a" });
    held.inc(1, { exemplar: { trace_id: "1" } });
    assert.equal(metrics.snapshot().get("frames_total")!.exemplars, undefined);
  });

  it("that are wrong throw", () => {
    const frames = new Registry().counter("frames_total", { help: "Frames.", labels: ["model"] });
    assert.throws(() => frames.inc({ model: "a" }, 1, { exemplar: { "trace-id": "1" } }), { code: "EXEMPLAR_INVALID" });
  });
});
