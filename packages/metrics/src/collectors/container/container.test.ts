import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "../../core/registry.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { container } from "./container.ts";

const settings = (tree: FixtureTree) => ({ procPath: tree.procPath, sysPath: tree.sysPath, rootfs: tree.path, env: {} });

/** Values of all series of container(), by name and labels. */
function valuesOf(snapshot: Snapshot): Record<string, number> {
  const values: Record<string, number> = {};
  for (const family of snapshot) {
    if (!family.name.startsWith("container_")) continue;
    for (let row = 0; row < family.length; row++) {
      const labels = Object.entries(family.labels(row)).map(([name, value]) => `${name}="${value}"`);
      values[labels.length === 0 ? family.name : `${family.name}{${labels.join(",")}}`] = family.value(row);
    }
  }
  return values;
}

async function read(tree: FixtureTree): Promise<Record<string, number>> {
  const registry = new Registry({ lint: "throw" });
  registry.register(container(settings(tree)));
  const { snapshot, collectors } = await registry.collect();
  assert.deepEqual(
    collectors.map(({ ok }) => ok),
    [true],
  );
  await registry.close();
  return valuesOf(snapshot);
}

const DOCKER_ID = "4f5e1c2d3b4a59687776655443322110ffeeddccbbaa99887766554433221100";

describe("container()", () => {
  it("reads Docker's container with control groups of version 1", async () => {
    using tree = new FixtureTree("container/docker-v1");
    assert.deepEqual(await read(tree), {
      [`container_info{runtime="docker",id="${DOCKER_ID}"}`]: 1,
      container_cpu_usage_seconds_total: 12.5,
      container_cpu_user_seconds_total: 10,
      container_cpu_system_seconds_total: 2.5,
      container_cpu_cfs_periods_total: 200,
      container_cpu_cfs_throttled_periods_total: 20,
      container_cpu_cfs_throttled_seconds_total: 1.5,
      container_spec_cpu_quota: 150_000,
      container_spec_cpu_period: 100_000,
      container_cpu_limit_cores: 1.5,
      container_memory_usage_bytes: 104_857_600,
      container_memory_working_set_bytes: 83_886_080,
      container_memory_max_usage_bytes: 157_286_400,
      container_memory_rss: 41_943_040,
      container_memory_cache: 52_428_800,
      container_memory_mapped_file: 4096,
      container_memory_swap: 8192,
      'container_memory_failures_total{failure_type="pgfault",scope="container"}': 120,
      'container_memory_failures_total{failure_type="pgmajfault",scope="container"}': 7,
      container_spec_memory_limit_bytes: 536_870_912,
      container_memory_limit_bytes: 536_870_912,
      container_oom_events_total: 3,
      'container_fs_reads_bytes_total{device="/dev/sda"}': 4096,
      'container_fs_writes_bytes_total{device="/dev/sda"}': 8192,
      'container_fs_reads_total{device="/dev/sda"}': 1,
      'container_fs_writes_total{device="/dev/sda"}': 2,
      container_threads: 12,
      container_threads_max: 100,
    });
  });

  it("reads a pod that sees only its own group of version 2", async () => {
    using tree = new FixtureTree("container/kubernetes-v2");
    assert.deepEqual(await read(tree), {
      'container_info{runtime="kubernetes",id=""}': 1,
      container_cpu_usage_seconds_total: 2.5,
      container_cpu_user_seconds_total: 2,
      container_cpu_system_seconds_total: 0.5,
      container_cpu_cfs_periods_total: 40,
      container_cpu_cfs_throttled_periods_total: 4,
      container_cpu_cfs_throttled_seconds_total: 0.75,
      container_cpu_cfs_burst_periods_total: 1,
      container_cpu_cfs_burst_seconds_total: 0.005,
      container_spec_cpu_quota: 50_000,
      container_spec_cpu_period: 100_000,
      container_cpu_limit_cores: 0.5,
      container_memory_usage_bytes: 60_000_000,
      container_memory_working_set_bytes: 40_000_000,
      container_memory_max_usage_bytes: 70_000_000,
      container_memory_rss: 30_000_000,
      container_memory_cache: 25_000_000,
      container_memory_mapped_file: 1_000_000,
      container_memory_swap: 0,
      'container_memory_failures_total{failure_type="pgfault",scope="container"}': 900,
      'container_memory_failures_total{failure_type="pgmajfault",scope="container"}': 9,
      container_spec_memory_limit_bytes: 134_217_728,
      container_memory_limit_bytes: 134_217_728,
      container_memory_swap_limit_bytes: 0,
      container_oom_events_total: 1,
      'container_fs_reads_bytes_total{device="8:0"}': 4096,
      'container_fs_writes_bytes_total{device="8:0"}': 8192,
      'container_fs_reads_total{device="8:0"}': 1,
      'container_fs_writes_total{device="8:0"}': 2,
      container_threads: 17,
      container_pressure_cpu_waiting_seconds_total: 1,
      container_pressure_cpu_stalled_seconds_total: 0.5,
      container_pressure_memory_waiting_seconds_total: 0.00002,
      container_pressure_memory_stalled_seconds_total: 0.00001,
      container_pressure_io_waiting_seconds_total: 4,
      container_pressure_io_stalled_seconds_total: 3,
    });
  });

  it("takes the strictest limit of all groups above, and the working set is never below zero", async () => {
    using tree = new FixtureTree("container/service-nested-v2");
    const values = await read(tree);
    const { container_spec_memory_limit_bytes: own, container_memory_limit_bytes: all, container_memory_working_set_bytes: working } = values;
    assert.deepEqual({ own, all, working }, { own: 2_000_000_000, all: 1_000_000_000, working: 0 });
    const { container_spec_cpu_quota: quota, container_cpu_limit_cores: cores, container_threads_max: threads } = values;
    assert.deepEqual({ quota, cores, threads }, { quota: 200_000, cores: 1, threads: 500 });
    assert.equal(values["container_cpu_usage_seconds_total"], 1, "the service's, not the machine's");
    assert.equal(values["container_info"], undefined);
  });

  it("chooses the version for each controller where a machine has both", async () => {
    using tree = new FixtureTree("container/hybrid");
    const values = await read(tree);
    assert.deepEqual(values, {
      container_cpu_usage_seconds_total: 3,
      container_cpu_user_seconds_total: 2,
      container_cpu_system_seconds_total: 1,
      container_cpu_cfs_periods_total: 0,
      container_cpu_cfs_throttled_periods_total: 0,
      container_cpu_cfs_throttled_seconds_total: 0,
      container_spec_cpu_period: 100_000,
      container_memory_usage_bytes: 5000,
      container_memory_working_set_bytes: 5000,
      container_memory_rss: 3000,
      'container_fs_reads_bytes_total{device="8:16"}': 1,
      'container_fs_writes_bytes_total{device="8:16"}': 2,
      'container_fs_reads_total{device="8:16"}': 3,
      'container_fs_writes_total{device="8:16"}': 4,
      container_threads: 4,
      container_pressure_io_waiting_seconds_total: 1,
      container_pressure_io_stalled_seconds_total: 0.5,
    });
  });

  it("tells nothing of the machine's own group", async () => {
    using tree = new FixtureTree("container/service-nested-v2");
    tree.write("proc/self/cgroup", "0::/\n");
    tree.write("sys/fs/cgroup/memory.current", "1\n");
    assert.deepEqual(await read(tree), {});
  });

  it("tells nothing, and succeeds, where there are no control groups", async () => {
    using tree = new FixtureTree();
    assert.deepEqual(await read(tree), {});
  });

  it("leaves out what cannot be read, names it, and keeps the rest", async () => {
    using tree = new FixtureTree("container/kubernetes-v2");
    tree.remove("sys/fs/cgroup/io.stat");
    tree.write("sys/fs/cgroup/io.stat/is-a-folder", "");
    const registry = new Registry();
    const own = container(settings(tree));
    registry.register(own);
    const { snapshot } = await registry.collect();
    assert.equal(snapshot.get("container_fs_reads_total"), undefined);
    assert.equal(snapshot.value("container_threads"), 17);
    assert.match(own.failures.join(), /EISDIR/);
    await registry.close();
  });

  it("fails, so that its metrics are left out, when the whole group is gone", async () => {
    using tree = new FixtureTree("container/kubernetes-v2");
    const registry = new Registry();
    const own = container(settings(tree));
    registry.register(own);
    own.close(); // descriptors of deleted files would still be read; those of a deleted group are not
    tree.remove("sys");
    const { snapshot, collectors } = await registry.collect();
    assert.equal(collectors[0]!.ok, false);
    assert.match(collectors[0]!.error ?? "", /ENOENT/);
    assert.equal(snapshot.get("container_memory_usage_bytes"), undefined);
    await registry.close();
  });

  it("puts another word before all names", async () => {
    using tree = new FixtureTree("container/kubernetes-v2");
    const registry = new Registry();
    registry.register(container({ ...settings(tree), prefix: "cgroup" }));
    const { snapshot } = await registry.collect();
    const names = snapshot.families.map(({ name }) => name).filter((name) => !name.startsWith("scrape_"));
    assert.ok(names.length > 20);
    assert.deepEqual(
      names.filter((name) => !name.startsWith("cgroup_")),
      [],
    );
    await registry.close();
  });

  it("refuses a prefix that cannot begin a name, and a second registry", () => {
    assert.throws(() => container({ prefix: "1x" }), { code: "OPTION_INVALID", message: /"1x"/ });
    using tree = new FixtureTree();
    const own = container(settings(tree));
    new Registry().register(own);
    assert.throws(() => new Registry().register(own), { code: "COLLECTOR_CONFLICT" });
  });
});
