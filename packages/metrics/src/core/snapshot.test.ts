import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";
import { SeriesTable } from "./series-table.ts";
import { FamilySnapshot, type Snapshot } from "./snapshot.ts";

/** Everything a snapshot says, as plain data. */
function all(snapshot: Snapshot): unknown {
  return [...snapshot].map((family) => [
    ...[family.name, family.type, family.length, family.labelNames],
    Array.from({ length: family.length }, (_, row) => [
      ...[family.labels(row), family.value(row), family.created?.[row], family.exemplars?.get(row)],
      family.type === "histogram" ? family.histogram(row) : family.type === "summary" ? family.summary(row) : undefined,
    ]),
  ]);
}

function populated() {
  const clock = new ManualClock(1000);
  const metrics = new Registry({ clock });
  const labels = ["x"] as const;
  const frames = metrics.counter("frames_total", { help: "F.", labels });
  const fps = metrics.gauge("fps", { help: "F.", labels, expireAfter: "1m" });
  const latency = metrics.histogram("latency_seconds", { help: "L.", labels, buckets: [1, 2], native: {} });
  const response = metrics.summary("response_seconds", { help: "R.", labels });
  const link = metrics.stateSet("link_state", { help: "L.", states: ["up", "down"] });
  const info = metrics.info("application_info", { help: "A.", labels });
  const record = (x: string, value: number): void => {
    frames.inc({ x }, value, { exemplar: { id: x } });
    fps.set({ x }, value);
    latency.observe({ x }, value, { exemplar: { id: x } });
    response.observe({ x }, value);
    link.set(value % 2 === 0 ? "up" : "down");
    info.set({ x });
  };
  for (const [x, value] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const)
    record(x, value);
  return { clock, metrics, frames, fps, latency, response, record };
}

describe("a snapshot stays as it was while the registry", () => {
  type World = ReturnType<typeof populated>;
  const changes: Readonly<Record<string, (world: World) => void>> = {
    "records more": ({ record }) => record("a", 50),
    "grows by thousands of series": ({ record }) => {
      for (let n = 0; n < 1000; n++) record(`new-${n}`, n);
    },
    "loses series": ({ frames, fps, latency, response }) => {
      for (const family of [frames, fps, latency, response]) for (const x of ["a", "c"]) family.remove({ x });
    },
    "loses series and gets others": ({ frames, latency, response, record }) => {
      for (const family of [frames, latency, response]) family.remove({ x: "a" });
      record("d", 4);
      record("e", 5);
    },
    "is reset": ({ clock, metrics, record }) => {
      clock.advance(5000);
      metrics.reset();
      record("b", 7);
    },
    "is cleared": ({ metrics }) => metrics.clear(),
    "lets series expire": ({ clock, metrics, record }) => {
      clock.advance(120_000);
      metrics.snapshot();
      record("z", 9);
    },
    "widens native histograms": ({ latency }) => {
      for (const value of [1e-9, 1e9, -1e5]) latency.observe({ x: "a" }, value);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`${what}; so does the one after`, () => {
      const world = populated();
      const first = world.metrics.snapshot();
      const before = structuredClone(all(first));
      change(world);
      const second = world.metrics.snapshot();
      const after = structuredClone(all(second));
      assert.deepEqual(all(first), before);
      change(world);
      world.metrics.snapshot();
      assert.deepEqual(all(first), before);
      assert.deepEqual(all(second), after);
    });
  }
});

describe("a family's snapshot", () => {
  const snapshot = populated().metrics.snapshot();
  const latency = snapshot.get("latency_seconds")!;

  it("finds rows by their labels, and only those", () => {
    assert.equal(latency.labels(latency.row({ x: "b" })).x, "b");
    assert.deepEqual([latency.row({ x: "none" }), latency.row({}), latency.row({ toString: "b" })], [-1, -1, -1]);
  });

  it("does not find rows that came later, though they share its table", () => {
    const { metrics, record } = populated();
    const before = metrics.snapshot().get("frames_total")!;
    record("later", 1);
    assert.equal(before.row({ x: "later" }), -1);
    assert.equal(before.table.length > before.length, true);
  });

  it("has the count as the value of histograms and summaries", () => {
    assert.deepEqual([latency.value(0), snapshot.get("response_seconds")!.value(0), latency.quantile(1, latency.row({ x: "a" }))], [1, 1, 1]);
    assert.ok(Number.isNaN(snapshot.get("frames_total")!.value(99)));
  });

  it("refuses to read a type as another", () => {
    const message = "frames_total is a counter, so it has no histogram to read. Read value(row), histogram(row) or summary(row) after its type.";
    assert.throws(() => snapshot.get("frames_total")!.histogram(), { code: "OPTION_INVALID", message });
    assert.throws(() => latency.summary(), { code: "OPTION_INVALID", message: /is a histogram, so it has no summary to read/ });
  });

  it("leaves out the buckets that a parsed row lacks", () => {
    const table = new SeriesTable([]);
    table.add([]);
    const values = Float64Array.of(1, Number.NaN, 4, 9);
    const family = new FamilySnapshot({ name: "h", type: "histogram", help: "", table, length: 1, values, bounds: [1, 2] });
    assert.deepEqual(family.histogram().buckets, [
      [1, 1],
      [Number.POSITIVE_INFINITY, 5],
    ]);
  });

  it("has labels of its constants and its table, whatever they are called", () => {
    const table = new SeriesTable(["__proto__"]);
    table.add(["1"]);
    const family = new FamilySnapshot({
      name: "m",
      type: "gauge",
      help: "",
      table,
      length: 1,
      values: Float64Array.of(5),
      constants: [["constructor", "2"]],
    });
    assert.deepEqual(Object.entries(family.labels(0)), [
      ["constructor", "2"],
      ["__proto__", "1"],
    ]);
    assert.equal(family.row(family.labels(0)), 0);
  });
});

describe("a snapshot", () => {
  it("gives values by name and labels, or undefined", () => {
    const snapshot = populated().metrics.snapshot();
    assert.deepEqual(
      [snapshot.value("frames_total", { x: "c" }), snapshot.value("frames_total", { x: "none" }), snapshot.value("none")],
      [3, undefined, undefined],
    );
    assert.equal(snapshot.get("none"), undefined);
  });
});

describe("a family in two snapshots", () => {
  it("is the same object where nothing has changed, and another where something has", () => {
    const metrics = new Registry();
    const gauge = metrics.gauge("depth", { help: "D." });
    const counter = metrics.counter("frames_total", { help: "F.", labels: ["x"] });
    counter.inc({ x: "a" });
    const [first, second] = [metrics.snapshot(), metrics.snapshot()];
    for (const name of ["depth", "frames_total"]) assert.equal(second.get(name), first.get(name));
    gauge.set(7);
    const third = metrics.snapshot();
    assert.notEqual(third.get("depth"), second.get("depth"));
    assert.equal(third.get("frames_total"), second.get("frames_total"));
    assert.deepEqual([second.value("depth"), third.value("depth")], [0, 7]);
  });

  const metrics = () => {
    const registry = new Registry({ clock: new ManualClock(1000) });
    const gauge = registry.gauge("depth", { help: "D.", labels: ["x"] });
    gauge.set({ x: "a" }, 0);
    gauge.set({ x: "b" }, 2);
    return { registry, gauge };
  };
  const changes: Readonly<Record<string, (world: ReturnType<typeof metrics>) => void>> = {
    "a zero becomes a negative one": ({ gauge }) => gauge.set({ x: "a" }, -0),
    "the last row changes": ({ gauge }) => gauge.set({ x: "b" }, Number.POSITIVE_INFINITY),
    "a row comes": ({ gauge }) => gauge.set({ x: "c" }, 0),
    "a row goes": ({ gauge }) => gauge.remove({ x: "b" }),
    "a row goes and another comes in its place with its value": ({ gauge }) => {
      gauge.remove({ x: "b" });
      gauge.set({ x: "c" }, 2);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`is another object when ${name}`, () => {
      const world = metrics();
      const before = world.registry.snapshot();
      const told = all(before);
      change(world);
      const after = world.registry.snapshot();
      assert.notEqual(after.get("depth"), before.get("depth"));
      assert.deepEqual(all(before), told);
      assert.notDeepEqual(all(after), told);
    });
  }

  it("is another object when a counter began anew at the same total", () => {
    const clock = new ManualClock(1000);
    const registry = new Registry({ clock });
    const counter = registry.counter("kernel_total", { help: "K." });
    counter.mirror(5);
    const before = registry.snapshot();
    clock.advance(1000);
    counter.mirror(1);
    counter.mirror(5);
    assert.notEqual(registry.snapshot().get("kernel_total")?.created?.[0], before.get("kernel_total")?.created?.[0]);
  });

  it("has its quantiles of that moment, though nothing was observed since", () => {
    const clock = new ManualClock(1000);
    const registry = new Registry({ clock });
    registry.summary("wait_seconds", { help: "W.", maxAge: "1m" }).observe(3);
    const before = registry.snapshot().get("wait_seconds")!.summary();
    clock.advance(120_000);
    const after = registry.snapshot().get("wait_seconds")!.summary();
    assert.ok(before.quantiles.every(([, value]) => value > 2.9) && after.quantiles.every(([, value]) => Number.isNaN(value)));
  });

  it("tells since when a count is one, and of nothing else", () => {
    const registry = new Registry({ clock: new ManualClock(5) });
    registry.counter("frames_total", { help: "F." });
    registry.histogram("wait_seconds", { help: "W." });
    registry.summary("response_seconds", { help: "R." });
    registry.gauge("depth", { help: "D." });
    registry.info("build_info", { help: "B.", labels: ["version"] }).set({ version: "1" });
    assert.deepEqual(
      [...registry.snapshot()].map((family) => family.created?.[0]),
      [5, 5, 5, undefined, undefined],
    );
  });
});
