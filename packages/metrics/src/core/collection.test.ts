import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ManualClock } from "./clock.ts";
import type { CollectContext, Collector } from "./collector.ts";
import type { Gauge } from "./gauge.ts";
import { Registry } from "./registry.ts";

/** A collector of one gauge; `collect` says what a scrape does. */
function pool(collect: (gauge: Gauge, context: CollectContext) => void | Promise<void>, more: Partial<Collector> = {}): Collector {
  let gauge: Gauge;
  return {
    name: "pool",
    register(registry) {
      gauge = registry.gauge("pool_connections", { help: "Open connections." });
    },
    collect: (context) => collect(gauge, context),
    ...more,
  };
}

function setUp(...collectors: readonly Collector[]) {
  const clock = new ManualClock();
  const metrics = new Registry({ clock });
  metrics.gauge("own", { help: "Own." }).set(1);
  metrics.register(...collectors);
  return { clock, metrics };
}

const success = (collector = "pool") => ["scrape_collector_success", { collector }] as const;

describe("a collector", () => {
  it("is asked at each collect, and only then", async () => {
    let calls = 0;
    const { metrics } = setUp(pool((gauge) => gauge.set(++calls)));
    metrics.snapshot();
    assert.equal(calls, 0);
    const first = await metrics.collect();
    const second = await metrics.collect();
    assert.deepEqual(
      [first, second].map(({ snapshot }) => snapshot.value("pool_connections")),
      [1, 2],
    );
    assert.deepEqual([second.snapshot.value(...success()), second.missing], [1, []]);
  });

  it("has a state before it was asked, and its time after", async () => {
    const { clock, metrics } = setUp(pool(() => clock.advance(250), { required: true }));
    assert.deepEqual(metrics.collectorStates(), [{ name: "pool", required: true, ok: true, durationSeconds: 0 }]);
    assert.equal(metrics.snapshot().value(...success()), 1);
    const { snapshot, collectors } = await metrics.collect();
    assert.deepEqual(collectors, [{ name: "pool", required: true, ok: true, durationSeconds: 0.25 }]);
    assert.deepEqual(metrics.collectorStates(), collectors);
    assert.equal(snapshot.value("scrape_collector_duration_seconds", { collector: "pool" }), 0.25);
  });

  it("tells its state again after somebody has removed that metric", async () => {
    const { metrics } = setUp(pool(() => {}));
    metrics.unregister("scrape_collector_success");
    assert.equal(metrics.snapshot().value(...success()), undefined);
    assert.equal((await metrics.collect()).snapshot.value(...success()), 1);
  });

  it("is collected for the metrics that are asked for", async () => {
    const { metrics } = setUp(pool((gauge) => gauge.set(7)));
    const { snapshot } = await metrics.collect({ names: ["pool_connections"] });
    assert.deepEqual(
      [...snapshot].map(({ name }) => name),
      ["pool_connections"],
    );
  });

  it("costs nothing where there is none", async () => {
    const { metrics } = setUp();
    const { snapshot, collectors } = await metrics.collect();
    assert.deepEqual([[...snapshot].map(({ name }) => name), collectors], [["own"], []]);
  });
});

describe("a collector that fails", () => {
  const broken = new Error("the driver is gone");
  const ways: readonly (readonly [how: string, collect: () => void | Promise<void>, error: RegExp])[] = [
    ["throws", () => { throw broken; }, /^the driver is gone$/], // biome-ignore format: one line
    ["rejects", async () => { throw broken; }, /^the driver is gone$/], // biome-ignore format: one line
    ["throws a text", () => { throw "gone"; }, /^gone$/], // biome-ignore format: one line
    ["throws what has no text", () => { throw Object.create(null); }, /^an object$/], // biome-ignore format: one line
    ["throws undefined", () => { throw undefined; }, /^undefined$/], // biome-ignore format: one line
    ["is no function", undefined as never, /is not a function/],
  ];
  for (const [how, collect, error] of ways) {
    it(`is left out, and its reason kept, when it ${how}`, async () => {
      let works = true;
      const own = pool((gauge) => gauge.set(5));
      const shaky: Collector = { ...own, collect: (context) => (works ? own.collect(context) : collect()) };
      const other: Collector = { name: "other", register: () => {}, collect: () => {} };
      const { metrics } = setUp(shaky, other);
      await metrics.collect();
      works = false;
      const { snapshot, collectors, missing } = await metrics.collect();
      assert.deepEqual([snapshot.get("pool_connections"), snapshot.value("own"), missing], [undefined, 1, ["pool_connections"]]);
      assert.deepEqual([snapshot.value(...success()), snapshot.value(...success("other"))], [0, 1]);
      assert.deepEqual([collectors[0]!.ok, collectors[1]!.ok], [false, true]);
      assert.match(collectors[0]!.error!, error);
      works = true;
      const after = await metrics.collect();
      assert.deepEqual([after.snapshot.value("pool_connections"), after.snapshot.value(...success()), after.collectors[0]!.error], [5, 1, undefined]);
    });
  }
});

describe("a collector that hangs", () => {
  it("is left out when the scrape's time is over, and waited for by the next, not started again", async () => {
    let starts = 0;
    let finish!: () => void;
    const hanging = pool(async (gauge) => {
      starts++;
      await new Promise<void>((resolve) => (finish = resolve));
      gauge.set(9);
    });
    const { metrics } = setUp(hanging, { name: "quick", register: () => {}, collect: () => {} });
    const first = new AbortController();
    const scrape = metrics.collect({ signal: first.signal });
    await turn();
    first.abort();
    const { snapshot, collectors } = await scrape;
    assert.deepEqual([snapshot.get("pool_connections"), snapshot.value(...success()), snapshot.value(...success("quick"))], [undefined, 0, 1]);
    assert.equal(collectors[0]!.error, "not ready when the scrape's time was over");
    const second = new AbortController();
    const waiting = metrics.collect({ signal: second.signal });
    finish();
    assert.equal((await waiting).snapshot.value("pool_connections"), 9);
    assert.equal(starts, 1);
    const third = metrics.collect();
    await turn();
    finish();
    await third;
    assert.equal(starts, 2);
    assert.deepEqual(
      [first, second].map(({ signal }) => getEventListeners(signal, "abort").length),
      [0, 0],
      "no listener is left behind",
    );
  });

  it("is told by its signal, and may give up", async () => {
    const patient = pool((_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to stop")))));
    const { metrics } = setUp(patient);
    const controller = new AbortController();
    const scrape = metrics.collect({ signal: controller.signal });
    await turn();
    controller.abort();
    assert.equal((await scrape).collectors[0]!.ok, false);
    const { collectors } = await metrics.collect({ signal: AbortSignal.abort() });
    assert.equal(collectors[0]!.ok, false);
  });

  it("and fails afterwards harms nobody", async () => {
    let fail!: (reason: Error) => void;
    const { metrics } = setUp(pool(() => new Promise((_, reject) => (fail = reject))));
    assert.equal((await metrics.collect({ signal: AbortSignal.abort() })).collectors[0]!.ok, false);
    fail(new Error("too late"));
    await turn(); // an unhandled rejection would fail the test
  });

  it("is shared by scrapes at the same time", async () => {
    let starts = 0;
    const { metrics } = setUp(pool(async (gauge) => gauge.set(++starts)));
    const both = await Promise.all([metrics.collect(), metrics.collect()]);
    assert.deepEqual(
      both.map(({ snapshot }) => snapshot.value("pool_connections")),
      [1, 1],
    );
  });
});

describe("registering a collector", () => {
  const nothing = { register: () => {}, collect: () => {} };

  it("throws for a name that is taken, and for none", () => {
    const { metrics } = setUp(pool(() => {}));
    const message = 'A collector "pool" is registered already. Register it once, or unregister the first.';
    assert.throws(() => metrics.register(pool(() => {})), { code: "COLLECTOR_CONFLICT", message });
    assert.throws(() => metrics.register({ name: "", ...nothing }), { code: "OPTION_INVALID", message: /A collector's name is "". Give it a name/ });
    assert.throws(() => metrics.register(undefined as never), { code: "OPTION_INVALID", message: /name is undefined/ });
    assert.equal(metrics.collectorStates().length, 1);
  });

  it("keeps nothing of one that breaks half-way", async () => {
    const metrics = new Registry();
    const half: Collector = {
      ...nothing,
      name: "half",
      register(registry) {
        registry.gauge("first", { help: "First." });
        throw new Error("no driver");
      },
    };
    assert.throws(() => metrics.register(half), /no driver/);
    assert.deepEqual([metrics.snapshot().families.length, metrics.collectorStates()], [0, []]);
    metrics.gauge("after", { help: "Declared by nobody." });
    metrics.register({ ...half, register: (registry) => registry.gauge("first", { help: "First, otherwise." }) });
    assert.equal((await metrics.collect()).snapshot.value("first"), 0);
  });

  it("throws when somebody else has the names of its state, and keeps nothing then", async () => {
    const metrics = new Registry();
    metrics.counter("scrape_collector_success_total", { help: "Takes the name." });
    assert.throws(() => metrics.register(pool(() => {})), { code: "METRIC_CONFLICT" });
    assert.deepEqual([metrics.collectorStates(), metrics.get("pool_connections")], [[], undefined]);
    assert.equal((await metrics.collect()).snapshot.families.length, 1);
  });

  it("leaves the metrics that two of them declare to both", async () => {
    const shared = (name: string, collect: () => void): Collector => ({
      name,
      register: (registry) => registry.gauge("shared", { help: "Shared." }).set(1),
      collect,
    });
    const broken = shared("one", () => assert.fail("broken"));
    const { metrics } = setUp(
      broken,
      shared("two", () => {}),
    );
    assert.equal((await metrics.collect()).snapshot.value("shared"), 1);
    metrics.unregister("one");
    assert.equal(metrics.snapshot().value("shared"), 1);
  });
});

describe("taking a collector out", () => {
  it("takes its metrics and its state with it, and closes it", async () => {
    let closed = 0;
    const { metrics } = setUp(pool((gauge) => gauge.set(1), { close: () => void closed++ }));
    await metrics.collect();
    assert.equal(metrics.unregister("pool"), true);
    assert.equal(metrics.unregister("pool"), false);
    const { snapshot, collectors } = await metrics.collect();
    assert.deepEqual([snapshot.get("pool_connections"), snapshot.value(...success()), collectors, closed], [undefined, undefined, [], 1]);
    metrics.register(pool((gauge) => gauge.set(2)));
    assert.equal((await metrics.collect()).snapshot.value("pool_connections"), 2);
  });

  it("while it is asked leaves no trace of it", async () => {
    let finish!: () => void;
    const { metrics } = setUp(pool(() => new Promise((resolve) => (finish = resolve))));
    const scrape = metrics.collect();
    await turn();
    metrics.unregister("pool");
    finish();
    const { snapshot, collectors } = await scrape;
    assert.deepEqual([snapshot.value(...success()), collectors], [undefined, []]);
  });
});

describe("closing a registry", () => {
  it("closes every collector, also when one cannot be closed, and stays readable", async () => {
    const closed: string[] = [];
    const closing = (name: string, close?: () => void | Promise<void>): Collector => ({
      name,
      register: () => {},
      collect: () => {},
      ...(close === undefined ? {} : { close }),
    });
    const { metrics } = setUp(
      closing("throws", () => assert.fail("stuck")),
      closing("rejects", () => Promise.reject(new Error("stuck"))),
      closing("none"),
      closing("slow", async () => void closed.push("slow")),
      closing("quick", () => void closed.push("quick")),
    );
    await metrics.close();
    assert.deepEqual(closed.sort(), ["quick", "slow"]);
    assert.equal(metrics.snapshot().value("own"), 1);
  });
});
