import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import nodeProcess from "node:process";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ManualClock } from "../../core/clock.ts";
import { Registry } from "../../core/registry.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { EventLoopDelay } from "./event-loop.ts";
import { Garbage } from "./garbage.ts";
import { type ProcessOptions, process } from "./process.ts";

const linux = nodeProcess.platform === "linux" ? {} : { skip: "needs /proc" };

async function read(options: ProcessOptions = {}): Promise<Snapshot> {
  const registry = new Registry({ lint: "throw" });
  registry.register(process({ eventLoopInterval: false, ...options }));
  const { snapshot, collectors } = await registry.collect();
  assert.deepEqual(
    collectors.map(({ ok, error }) => [ok, error]),
    [[true, undefined]],
  );
  await registry.close();
  return snapshot;
}

const seriesValue = (snapshot: Snapshot, name: string, labels: Record<string, string> = {}): number => {
  const value = snapshot.value(name, labels);
  assert.ok(value !== undefined, `${name} is missing`);
  return value;
};

describe("process()", () => {
  it("tells what Node tells, under the names that Node users know, all of them clean", async () => {
    const snapshot = await read();
    const { rss, heapTotal } = nodeProcess.memoryUsage();
    const near = (value: number, wanted: number): void => assert.ok(Math.abs(value - wanted) < wanted * 0.5, `${value} is not near ${wanted}`);
    near(seriesValue(snapshot, "process_resident_memory_bytes"), rss);
    near(seriesValue(snapshot, "nodejs_heap_size_total_bytes"), heapTotal);
    near(seriesValue(snapshot, "process_start_time_seconds"), Date.now() / 1000);
    const [user, system] = ["process_cpu_user_seconds_total", "process_cpu_system_seconds_total"].map((name) => seriesValue(snapshot, name));
    assert.ok(user! > 0 && Math.abs(user! + system! - seriesValue(snapshot, "process_cpu_seconds_total")) < 1e-9);
    const [major, minor, patch] = nodeProcess.versions.node.split(".");
    assert.equal(seriesValue(snapshot, "nodejs_version_info", { version: nodeProcess.version, major: major!, minor: minor!, patch: patch! }), 1);
    assert.ok(seriesValue(snapshot, "nodejs_heap_space_size_used_bytes", { space: "old" }) > 0);
    assert.ok(seriesValue(snapshot, "nodejs_heap_size_limit_bytes") >= seriesValue(snapshot, "nodejs_heap_size_total_bytes"));
    for (const type of ["rss", "heap_total", "heap_used", "external", "array_buffers"]) {
      assert.ok(seriesValue(snapshot, "memory_usage_bytes", { type }) > 0, type);
    }
  });

  it("tells what Linux tells", linux, async () => {
    const before = seriesValue(await read(), "process_open_fds");
    const fd = openSync("/dev/null", "r");
    const snapshot = await read();
    closeSync(fd);
    assert.equal(seriesValue(snapshot, "process_open_fds"), before + 1);
    assert.ok(seriesValue(snapshot, "process_max_fds") >= seriesValue(snapshot, "process_open_fds"));
    assert.ok(seriesValue(snapshot, "process_virtual_memory_bytes") > seriesValue(snapshot, "process_resident_memory_bytes"));
    assert.equal(seriesValue(snapshot, "memory_usage_bytes", { type: "vms" }), seriesValue(snapshot, "process_virtual_memory_bytes"));
    assert.ok(seriesValue(snapshot, "process_threads") >= 1);
    assert.ok(seriesValue(snapshot, "process_heap_bytes") > 0);
  });

  it("reads /proc of kernels that do not know how many descriptors are open, and limits that are none", async () => {
    using tree = new FixtureTree();
    tree.write("proc/self/status", "Name:\tnode\nVmSize:\t  1000 kB\nVmData:\t   500 kB\nThreads:\t7\n");
    tree.write(
      "proc/self/limits",
      "Limit                     Soft Limit           Hard Limit           Units\nMax open files            unlimited            unlimited            files\n",
    );
    for (const fd of ["0", "1", "2", "3"]) tree.write(`proc/self/fd/${fd}`, "");
    const snapshot = await read({ procPath: tree.procPath, rootfs: tree.path });
    assert.equal(seriesValue(snapshot, "process_virtual_memory_bytes"), 1_024_000);
    assert.equal(seriesValue(snapshot, "process_heap_bytes"), 512_000);
    assert.equal(seriesValue(snapshot, "process_threads"), 7);
    assert.equal(seriesValue(snapshot, "process_max_fds"), Number.POSITIVE_INFINITY);
  });

  it("does without what it may not read", async () => {
    using tree = new FixtureTree();
    tree.write("proc/self/status", "Name:\tnode\n");
    const snapshot = await read({ procPath: tree.procPath, rootfs: tree.path });
    assert.equal(snapshot.get("process_open_fds"), undefined);
    assert.ok(seriesValue(snapshot, "process_resident_memory_bytes") > 0);
  });

  it("knows the memory that the control groups leave it", async () => {
    using tree = new FixtureTree("container/service-nested-v2");
    const snapshot = await read({ procPath: tree.procPath, rootfs: tree.path });
    assert.equal(seriesValue(snapshot, "process_memory_limit_bytes"), 1_000_000_000);
  });

  it("takes the machine's memory for the limit where there is no other", async () => {
    using tree = new FixtureTree("container/hybrid");
    const snapshot = await read({ procPath: tree.procPath, rootfs: tree.path });
    const { totalmem } = await import("node:os");
    assert.equal(seriesValue(snapshot, "process_memory_limit_bytes"), totalmem());
  });

  it("counts what keeps the event loop alive, and says zero when it is gone", async () => {
    const registry = new Registry();
    registry.register(process({ eventLoopInterval: false }));
    const servers = async (): Promise<number> => (await registry.collect()).snapshot.value("nodejs_active_resources", { type: "TCPServerWrap" }) ?? 0;
    const before = await servers();
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    assert.equal(await servers(), before + 1);
    await new Promise((resolve) => server.close(resolve));
    for (const deadline = performance.now() + 5000; (await servers()) !== before; await setTimeout(1)) assert.ok(performance.now() < deadline);
    await registry.close();
  });

  it("tells how much of the time the event loop worked", async () => {
    const registry = new Registry();
    registry.register(process({ eventLoopInterval: false }));
    await registry.collect();
    const { idle } = performance.eventLoopUtilization();
    const deadline = performance.now() + 5000;
    while (performance.eventLoopUtilization().idle - idle < 10) {
      assert.ok(performance.now() < deadline);
      await setTimeout(20);
    }
    for (const end = performance.now() + 50; performance.now() < end; );
    const { snapshot } = await registry.collect();
    const ratio = seriesValue(snapshot, "nodejs_eventloop_utilization_ratio");
    assert.ok(ratio > 0 && ratio < 1, String(ratio));
    assert.ok(seriesValue(snapshot, "nodejs_eventloop_time_seconds_total", { state: "idle" }) >= 0.01);
    assert.ok(seriesValue(snapshot, "nodejs_eventloop_time_seconds_total", { state: "active" }) >= 0.05);
    await registry.close();
  });

  it("keeps no process alive and ends with it, closed or not", () => {
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const code = `
      import { Registry } from ${url("../../core/registry.js")};
      import { process } from ${url("./process.js")};
      const registry = new Registry();
      registry.register(process());
      await registry.collect();
      console.log("collected");
    `;
    const { status, stdout } = spawnSync(nodeProcess.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
    assert.deepEqual([status, stdout], [0, "collected\n"]);
  });

  it("samples nothing any more once it is closed", async () => {
    const registry = new Registry();
    registry.register(process({ eventLoopInterval: "1ms" }));
    const samples = (): number => registry.snapshot().get("nodejs_eventloop_delay_seconds")!.histogram().count;
    for (const deadline = performance.now() + 5000; samples() < 3; await setTimeout(2)) assert.ok(performance.now() < deadline);
    await registry.close();
    const then = samples();
    await setTimeout(20);
    assert.equal(samples(), then);
  });

  it("refuses intervals that are none, and a second registry", () => {
    assert.throws(() => process({ eventLoopInterval: "0s" }), { code: "OPTION_INVALID" });
    assert.throws(() => process({ eventLoopInterval: "soon" }), { code: "DURATION_INVALID" });
    const own = process({ eventLoopInterval: false });
    new Registry().register(own);
    assert.throws(() => new Registry().register(own), { code: "COLLECTOR_CONFLICT" });
    own.close();
  });
});

describe("EventLoopDelay", () => {
  function setUp(): { registry: Registry; clock: ManualClock; delay: EventLoopDelay; tick: (lateMs: number) => void } {
    const [registry, clock] = [new Registry({ lint: "throw" }), new ManualClock()];
    const delay = new EventLoopDelay(registry, { clock, intervalMs: 20 });
    const tick = (lateMs: number): void => {
      clock.advance(20 + lateMs);
      delay.tick();
    };
    return { registry, clock, delay, tick };
  }

  it("measures lateness, without the interval itself", () => {
    const { registry, delay, tick } = setUp();
    for (const late of [0, 0, 0, 30]) tick(late);
    delay.read();
    delay.close();
    const snapshot = registry.snapshot();
    const { count, sum } = snapshot.get("nodejs_eventloop_delay_seconds")!.histogram();
    assert.deepEqual([count, Math.round(sum * 1000)], [4, 30]);
    const within = (name: string, wanted: number): void => {
      const value = seriesValue(snapshot, `nodejs_eventloop_lag${name}_seconds`);
      assert.ok(Math.abs(value - wanted) <= wanted * 0.02 + 2e-6, `${name}: ${value}, not ${wanted}`);
    };
    within("", 0.03);
    within("_min", 0);
    within("_max", 0.03);
    within("_mean", 0.0075);
    within("_p50", 0);
    within("_p99", 0.03);
  });

  it("tells percentiles since the last scrape; a scrape without a new sample repeats them", () => {
    const { registry, delay, tick } = setUp();
    const max = (): number => seriesValue(registry.snapshot(), "nodejs_eventloop_lag_max_seconds");
    tick(500);
    delay.read();
    assert.ok(max() > 0.49);
    delay.read();
    assert.ok(max() > 0.49, "repeated");
    tick(5);
    delay.read();
    delay.close();
    assert.ok(max() < 0.0051);
    assert.equal(registry.snapshot().get("nodejs_eventloop_delay_seconds")!.histogram().count, 2);
  });
});

describe("Garbage", () => {
  it("counts every collection of a batch, by kind", () => {
    const registry = new Registry({ lint: "throw" });
    const garbage = new Garbage(registry);
    const entry = (kind: number, duration: number) => ({ duration, detail: { kind } });
    garbage.take([entry(1, 2), entry(1, 3), entry(4, 40), entry(8, 1), entry(16, 1), entry(99, 1), { duration: 1 }]);
    garbage.close();
    const family = registry.snapshot().get("nodejs_gc_duration_seconds")!;
    const of = (kind: string): readonly [number, number] => {
      const { count, sum } = family.histogram(family.row({ kind }));
      return [count, Math.round(sum * 1000)];
    };
    assert.deepEqual(
      { minor: of("minor"), major: of("major"), incremental: of("incremental"), weakcb: of("weakcb") },
      {
        minor: [2, 5],
        major: [1, 40],
        incremental: [1, 1],
        weakcb: [1, 1],
      },
    );
  });

  it("sees the collections of this process", async () => {
    const registry = new Registry();
    const garbage = new Garbage(registry);
    const count = (): number => {
      const family = registry.snapshot().get("nodejs_gc_duration_seconds")!;
      return family.histogram(family.row({ kind: "minor" })).count;
    };
    const kept: unknown[][] = [];
    for (const deadline = performance.now() + 10_000; count() === 0; await setTimeout(1)) {
      assert.ok(performance.now() < deadline, "no collection in 10 s");
      for (let k = 0; k < 20_000; k++) kept[k % 100] = [k, String(k)];
      garbage.read();
    }
    garbage.close();
  });
});
