import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { InferometerError } from "../../core/errors.ts";
import { Registry } from "../../core/registry.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { host } from "./host.ts";
import { HostReading, valuesOf } from "./host-reading.test-kit.ts";
import { hostParts } from "./parts.ts";

/** What is this machine's, or this moment's, and not the fixture's. */
const OURS = /^(node_filesystem_(size|free|avail|files)|node_scrape_collector_duration|scrape_collector|node_time_(seconds|zone)|node_uname_info)/;
const notRoot = process.getuid?.() === 0 ? { skip: "root may read every file" } : {};

function golden(name: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../fixtures/host/${name}.prom`, import.meta.url)), "utf8");
  return text.trimEnd().split("\n");
}

describe("host() on Linux", () => {
  for (const machine of ["linux-6.8", "linux-3.10"]) {
    it(`tells what is written down for ${machine}`, async () => {
      using tree = new FixtureTree(`host/${machine}`);
      await using reading = new HostReading(tree);
      const values = await reading.scrape();
      const lines = [...values].map(([series, value]) => `${series} ${value}`).filter((line) => !OURS.test(line));
      assert.deepEqual(lines.sort(), golden(machine));
    });
  }

  it("tells the same again when nothing has changed", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree);
    const stable = async () => [...(await reading.scrape())].filter(([series]) => !OURS.test(series));
    const first = await stable();
    assert.deepEqual(await stable(), first);
    reading.clock.advance(3_600_000);
    assert.deepEqual((await stable()).sort(), first.sort());
  });

  it("tells the time by its clock, and who the machine is", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["time", "uname"] });
    const values = await reading.scrape();
    assert.equal(values.get("node_time_seconds"), 1_700_000_000);
    assert.equal([...values.keys()].filter((series) => /^node_uname_info\{.*domainname="\(none\)"/.test(series)).length, 1);
  });

  it("tells only what is included, without what is excluded", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["loadavg", "filefd", "stat"], exclude: ["stat"] });
    const names = [...(await reading.scrape()).keys()].filter((series) => series.startsWith("node_") && !series.startsWith("node_scrape_"));
    assert.deepEqual(names.sort(), ["node_filefd_allocated", "node_filefd_maximum", "node_load1", "node_load15", "node_load5"]);
  });

  it("refuses a part that there is not, and says which there are", () => {
    assert.throws(() => host({ exclude: ["disk"] }), { code: "OPTION_INVALID", message: /"disk".*arp, conntrack.*diskstats/ });
    assert.ok(hostParts.includes("diskstats"));
  });

  it("says of each part whether it succeeded and how long it took", async () => {
    using tree = new FixtureTree("host/linux-3.10");
    await using reading = new HostReading(tree, { include: ["loadavg", "pressure"] });
    const values = await reading.scrape();
    assert.equal(values.get('node_scrape_collector_success{collector="loadavg"}'), 1);
    assert.equal(values.get('node_scrape_collector_success{collector="pressure"}'), 0);
    assert.equal(values.get('node_scrape_collector_duration_seconds{collector="loadavg"}'), 0, "its clock stands still");
    assert.deepEqual([...reading.host.failures.keys()], ["pressure"]);
    assert.match(reading.host.failures.get("pressure") ?? "", /ENOENT.*pressure\/cpu/);
  });

  it("notices later what was not there, such as a module that is loaded", async () => {
    using tree = new FixtureTree("host/linux-3.10");
    await using reading = new HostReading(tree, { include: ["filefd"] });
    tree.write("proc/sys/fs/file-nr", "1 0 2\n");
    assert.equal((await reading.scrape()).get("node_filefd_allocated"), undefined, "not looked for at every scrape");
    reading.clock.advance(30_000);
    const values = await reading.scrape();
    assert.equal(values.get("node_filefd_allocated"), 1);
    assert.equal(values.get('node_scrape_collector_success{collector="filefd"}'), 1);
    assert.equal(reading.host.failures.size, 0);
  });

  it("leaves out what a part told before it began to fail, and keeps the other parts", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["swap", "loadavg"] });
    assert.ok((await reading.scrape()).has('node_swap_priority{device="/dev/zram0",swap_type="partition"}'));
    tree.write("proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 1 torn\n");
    const values = await reading.scrape();
    assert.deepEqual(
      [...values.keys()].filter((series) => /node_swap_(used|priority)/.test(series)),
      [],
    );
    assert.equal(values.get("node_load1"), 0.07);
  });

  it("reports a file that it may not read", notRoot, async () => {
    using tree = new FixtureTree("host/linux-6.8");
    chmodSync(join(tree.path, "proc/net/softnet_stat"), 0);
    await using reading = new HostReading(tree, { include: ["softnet", "loadavg"] });
    const values = await reading.scrape();
    assert.equal(values.get('node_scrape_collector_success{collector="softnet"}'), 0);
    assert.match(reading.host.failures.get("softnet") ?? "", /EACCES/);
    assert.equal(values.get("node_load1"), 0.07);
  });

  it("registers what it finds with itself, so that unregistering takes everything away", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    const registry = new Registry();
    registry.register(host({ platform: "linux", procPath: tree.procPath, sysPath: tree.sysPath, rootfs: tree.path }));
    assert.ok(registry.snapshot().families.length > 200);
    registry.unregister("host");
    assert.deepEqual(
      registry.snapshot().families.filter(({ name }) => name.startsWith("node_")),
      [],
    );
  });

  it("throws at registration for a name that somebody else has", () => {
    using tree = new FixtureTree("host/linux-6.8");
    const registry = new Registry();
    registry.counter("node_load1_total", { help: "Mine." });
    registry.gauge("node_load5", { help: "Mine, and something else." });
    const one = host({ platform: "linux", procPath: tree.procPath, sysPath: tree.sysPath, include: ["loadavg"] });
    assert.throws(
      () => registry.register(one),
      (error) => error instanceof InferometerError && error.code === "METRIC_CONFLICT",
    );
    one.close();
  });

  it("belongs to one registry", () => {
    using tree = new FixtureTree("host/linux-6.8");
    const one = host({ platform: "linux", procPath: tree.procPath, sysPath: tree.sysPath, include: ["loadavg"] });
    new Registry().register(one);
    assert.throws(() => new Registry().register(one), { code: "COLLECTOR_CONFLICT" });
    one.close();
  });
});

describe("host() elsewhere", () => {
  it("tells what Node knows of every system", async () => {
    using tree = new FixtureTree();
    for (const platform of ["darwin", "win32"] as const) {
      const registry = new Registry();
      registry.register(host({ platform, mounts: [tree.path, join(tree.path, "missing")] }));
      const { snapshot } = await registry.collect();
      const values = valuesOf(snapshot);
      const { totalmem } = await import("node:os");
      assert.equal(values.get("node_memory_total_bytes"), totalmem());
      assert.ok((values.get('node_cpu_seconds_total{cpu="0",mode="idle"}') ?? 0) > 0);
      assert.ok((values.get("node_boot_time_seconds") ?? 0) > 1_000_000_000);
      assert.equal(values.has("node_load1"), platform === "darwin");
      const labels = (path: string): string => `device=${JSON.stringify(path)},mountpoint=${JSON.stringify(path)}`;
      assert.ok((values.get(`node_filesystem_size_bytes{${labels(tree.path)}}`) ?? 0) > 0);
      assert.equal(values.get(`node_filesystem_device_error{${labels(join(tree.path, "missing"))},device_error="ENOENT"}`), 1);
      assert.ok([...values].some(([series, value]) => series.startsWith("node_uname_info{") && value === 1));
      await registry.close();
    }
  });

  it("takes the names of parts that only Linux has, and has none of them", async () => {
    const registry = new Registry();
    registry.register(host({ platform: "darwin", include: ["diskstats", "loadavg"] }));
    const { snapshot } = await registry.collect();
    assert.deepEqual(
      [...valuesOf(snapshot).keys()].filter((series) => /^node_scrape_collector_success/.test(series)),
      ['node_scrape_collector_success{collector="loadavg"}'],
    );
    await registry.close();
  });
});
