import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";

const near = (got: number, right: number): void => assert.ok(Math.abs(got - right) <= Math.abs(right) / 100, `${got}, right ${right}`);

describe("a summary", () => {
  it("counts and sums up for ever, and looks back for its window only", () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const response = metrics.summary("response_seconds", { help: "Answer.", maxAge: "10m", ageBuckets: 5, quantiles: [0.5] });
    response.observe(100);
    clock.advance(5 * 60_000);
    response.observe(1);
    near(response.distribution().quantile(1), 100);
    clock.advance(5 * 60_000);
    near(response.distribution().quantile(1), 1);
    clock.advance(10 * 60_000);
    assert.ok(Number.isNaN(response.distribution().quantile(0.5)), "nothing in the window is no 0");
    assert.deepEqual(response.statistics(), { count: 2, sum: 101, mean: 50.5 });
    const point = metrics.snapshot().get("response_seconds")!.summary();
    assert.deepEqual(point, { count: 2, sum: 101, quantiles: [[0.5, Number.NaN]] });
  });

  it("exposes its quantiles in order, each once, three by default", () => {
    const metrics = new Registry();
    metrics.summary("a_seconds", { help: "A." });
    metrics.summary("b_seconds", { help: "B.", quantiles: [0.99, 0, 0.5, 0.99, 1] });
    metrics.summary("c_seconds", { help: "C.", quantiles: [] });
    const quantiles = ["a_seconds", "b_seconds", "c_seconds"].map((name) => metrics.snapshot().get(name)!.quantiles);
    assert.deepEqual(quantiles, [[0.5, 0.9, 0.99], [0, 0.5, 0.99, 1], []]);
  });

  it("is within 1 % of the exact quantiles in snapshots, by every way of observing", () => {
    const metrics = new Registry();
    const plain = metrics.summary("a_seconds", { help: "A." });
    const labelled = metrics.summary("b_seconds", { help: "B.", labels: ["path"] });
    const held = labelled.labels({ path: "/held" });
    for (let k = 1; k <= 1000; k++) {
      plain.observe(k);
      labelled.observe({ path: "/" }, k);
      held.observe(k);
    }
    const snapshot = metrics.snapshot();
    const [a, b] = [snapshot.get("a_seconds")!, snapshot.get("b_seconds")!];
    for (const point of [a.summary(), b.summary(b.row({ path: "/" })), b.summary(b.row({ path: "/held" }))]) {
      assert.deepEqual([point.count, point.sum], [1000, 500_500]);
      for (const [quantile, value] of point.quantiles) near(value, quantile * 1000);
    }
    assert.equal(snapshot.value("a_seconds"), 1000);
  });

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "1", undefined, null]) {
    it(`refuses ${String(JSON.stringify(value) ?? value)} by every way`, () => {
      const metrics = new Registry();
      const [plain, labelled] = [metrics.summary("a_seconds", { help: "A." }), metrics.summary("b_seconds", { help: "B.", labels: ["x"] })];
      const refusal = { code: "VALUE_INVALID", message: /_seconds cannot observe / };
      assert.throws(() => plain.observe(value as number), refusal);
      for (let round = 0; round < 3; round++) assert.throws(() => labelled.observe({ x: "1" }, value as number), refusal);
      assert.deepEqual([plain.statistics().count, labelled.statistics({ x: "1" }).count], [0, 0]);
    });
  }

  it("times work", async () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const plain = metrics.summary("a_seconds", { help: "A." });
    const labelled = metrics.summary("b_seconds", { help: "B.", labels: ["path"] });
    plain.time(() => clock.advance(100));
    const timer = plain.startTimer();
    clock.advance(200);
    timer.stop();
    const labels = { path: "/" };
    const running = labelled.time(labels, async () => {});
    labels.path = "/changed";
    clock.advance(300);
    await running;
    const pending = labelled.startTimer();
    clock.advance(100);
    pending.stop({ path: "/" });
    assert.ok(Math.abs(plain.statistics().sum - 0.3) < 1e-12);
    assert.ok(Math.abs(labelled.statistics({ path: "/" }).sum - 0.4) < 1e-12);
  });

  it("keeps the windows of its series apart when one is removed", () => {
    for (const captured of [false, true]) {
      const metrics = new Registry();
      const response = metrics.summary("response_seconds", { help: "Answer.", labels: ["path"] });
      for (const path of ["1", "2", "3"]) response.observe({ path }, Number(path));
      const held = response.labels({ path: "1" });
      if (captured) metrics.snapshot();
      assert.equal(response.remove({ path: "1" }), true);
      held.observe(50);
      response.observe({ path: "3" }, 3);
      for (const path of ["2", "3"]) near(response.distribution({ path }).quantile(0.5), Number(path));
      assert.deepEqual([response.statistics({ path: "1" }).count, held.statistics().count], [0, 0]);
      assert.ok(Number.isNaN(held.distribution().quantile(0.5)));
      response.observe({ path: "1" }, 9);
      near(response.distribution({ path: "1" }).quantile(0), 9);
      response.clear();
      assert.equal(metrics.snapshot().get("response_seconds")!.length, 0);
    }
  });

  it("forgets its window too when it is reset", () => {
    const metrics = new Registry();
    const response = metrics.summary("response_seconds", { help: "Answer.", labels: ["path"] });
    response.observe({ path: "/" }, 5);
    metrics.reset();
    assert.ok(Number.isNaN(response.distribution({ path: "/" }).quantile(0.5)));
    response.observe({ path: "/" }, 2);
    assert.deepEqual(response.statistics({ path: "/" }), { count: 1, sum: 2, mean: 2 });
  });
});
