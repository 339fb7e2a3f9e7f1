// What changes while host() runs: devices come and go, counters fall, limits are set anew.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { HostReading } from "./host-reading.test-kit.ts";

const MINUTE = 60_000;

function cpuLine(name: string, idle: number, user = 100): string {
  return `${name} ${user} 0 0 ${idle} 0 0 0 0 0 0\n`;
}

describe("host(), while the machine changes", () => {
  it("forgets an interface that was taken away, and knows one that came", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["netdev", "netclass"] });
    const devices = async (metric: string): Promise<string[]> =>
      Object.keys(await reading.scrapeOf(`${metric}{`)).map((series) => /device="([^"]*)"/.exec(series)![1]!);
    assert.deepEqual(await devices("node_network_up"), ["eth0", "lo"]);
    const [head1, head2, lo, eth0] = tree.read("proc/net/dev").split("\n");
    tree.write("proc/net/dev", [head1, head2, eth0!.replace("eth0", "veth7"), lo, ""].join("\n"));
    tree.write("sys/class/net/veth7/operstate", "up\n");
    tree.remove("sys/class/net/eth0");
    assert.deepEqual((await devices("node_network_receive_bytes_total")).sort(), ["lo", "veth7"]);
    assert.deepEqual((await devices("node_network_up")).sort(), ["lo", "veth7"]);
    assert.deepEqual(await devices("node_network_mtu_bytes"), ["lo"]);
    assert.deepEqual(await devices("node_network_receive_nohandler_total"), ["lo"]);
  });

  it("takes a counter that fell for one that began anew", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["diskstats"] });
    const read = async () => (await reading.scrape()).get('node_disk_reads_completed_total{device="sda"}');
    assert.equal(await read(), 1204);
    tree.write("proc/diskstats", "   8       0 sda 3 2 3 4 5 6 7 8 9 10 11\n");
    assert.equal(await read(), 3);
  });

  it("lets no CPU time fall a little, but takes a CPU that came back for a new one", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["cpu"] });
    const times = async () => {
      const values = await reading.scrape();
      return ["idle", "user"].map((mode) => values.get(`node_cpu_seconds_total{cpu="0",mode="${mode}"}`));
    };
    const before = [10002.4, 43.01];
    assert.deepEqual(await times(), before);
    tree.write("proc/stat", cpuLine("cpu", 0) + cpuLine("cpu0", 1_000_140, 4300));
    assert.deepEqual(await times(), before, "one second less");
    tree.write("proc/stat", cpuLine("cpu", 0) + cpuLine("cpu0", 300, 7));
    assert.deepEqual(await times(), [3, 0.07]);
    tree.write("proc/stat", cpuLine("cpu", 0) + cpuLine("cpu0", 200, 6));
    assert.deepEqual(await times(), [3, 0.07], "one second is less than three");
  });

  it("follows CPUs that are switched off and on", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["cpu"] });
    assert.deepEqual(await reading.scrapeOf("node_cpu_online"), { 'node_cpu_online{cpu="0"}': 1, 'node_cpu_online{cpu="1"}': 1 });
    tree.write("sys/devices/system/cpu/online", "0\n");
    tree.write("proc/stat", cpuLine("cpu", 0) + cpuLine("cpu0", 5_000_000));
    assert.deepEqual(await reading.scrapeOf("node_cpu_online"), { 'node_cpu_online{cpu="0"}': 1, 'node_cpu_online{cpu="1"}': 0 });
    assert.deepEqual(
      Object.keys(await reading.scrapeOf("node_cpu_seconds_total")).filter((series) => series.includes('cpu="1"')),
      [],
    );
  });

  it("sees a new governor and new limits within a minute, and a new frequency at once", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["cpufreq"] });
    const base = "sys/devices/system/cpu/cpu0/cpufreq";
    tree.write(`${base}/scaling_governor`, "performance\n");
    tree.write(`${base}/scaling_max_freq`, "1000000\n");
    tree.write(`${base}/scaling_cur_freq`, "900000\n");
    const read = async () => {
      const values = await reading.scrape();
      const governor = values.get('node_cpu_scaling_governor{cpu="0",governor="performance"}');
      return [governor, ...["max_", ""].map((of) => values.get(`node_cpu_scaling_frequency_${of}hertz{cpu="0"}`))];
    };
    assert.deepEqual(await read(), [0, 2.4e9, 9e8]);
    reading.clock.advance(MINUTE);
    assert.deepEqual(await read(), [1, 1e9, 9e8]);
  });

  it("reads an interface's settings again when its link changes, else once a minute", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["netclass"] });
    const base = "sys/class/net/eth0";
    const read = async () => {
      const values = await reading.scrape();
      const state = [...values.keys()].find((series) => series.startsWith('node_network_info{device="eth0"'))!;
      return [values.get('node_network_mtu_bytes{device="eth0"}'), values.get('node_network_up{device="eth0"}'), /operstate="(\w+)"/.exec(state)![1]];
    };
    tree.write(`${base}/mtu`, "9000\n");
    assert.deepEqual(await read(), [1500, 1, "up"]);
    reading.clock.advance(MINUTE);
    assert.deepEqual(await read(), [9000, 1, "up"]);
    tree.write(`${base}/mtu`, "1400\n");
    tree.write(`${base}/operstate`, "down\n");
    assert.deepEqual(await read(), [1400, 0, "down"]);
  });

  it("finds sensors that are plugged in, and forgets those that are pulled", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["hwmon", "thermal_zone"] });
    await reading.scrape();
    tree.write("sys/class/hwmon/hwmon7/name", "k10temp\n");
    tree.write("sys/class/hwmon/hwmon7/temp1_input", "41000\n");
    tree.remove("sys/class/hwmon/hwmon0");
    tree.remove("sys/class/thermal/thermal_zone0");
    const values = await reading.scrape();
    assert.equal(values.get('node_hwmon_temp_celsius{chip="k10temp",sensor="temp1"}'), 41);
    assert.deepEqual(
      [...values.keys()].filter((series) => /coretemp|node_thermal_zone/.test(series)),
      [],
    );
  });

  it("leaves disks' own temperatures alone, unless they are asked for", async () => {
    using tree = new FixtureTree();
    tree.write("sys/class/hwmon/hwmon0/name", "nvme\n");
    tree.write("sys/class/hwmon/hwmon0/temp1_input", "33000\n");
    await using asIs = new HostReading(tree, { include: ["hwmon"] });
    assert.deepEqual(await asIs.scrapeOf("node_hwmon"), {});
    await using asked = new HostReading(tree, { include: ["hwmon"], ignore: { sensors: /^$/ } });
    const chip = { 'node_hwmon_chip_names{chip="nvme",chip_name="nvme"}': 1 };
    assert.deepEqual(await asked.scrapeOf("node_hwmon_chip"), chip);
    const temperature = 'node_hwmon_temp_celsius{chip="nvme",sensor="temp1"}';
    // A child reads it: a disk may take its time.
    for (const deadline = performance.now() + 10_000; (await asked.scrape()).get(temperature) !== 33; await setTimeout(5)) {
      assert.ok(performance.now() < deadline);
    }
  });

  it("ignores interfaces and disks by name", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, {
      include: ["netdev", "netclass", "diskstats", "arp"],
      ignore: { interfaces: /^eth/, disks: /^dm-/ },
    });
    const series = [...(await reading.scrape()).keys()];
    assert.deepEqual(
      series.filter((one) => /device="(eth|dm)/.test(one)),
      [],
    );
    assert.ok(series.some((one) => /device="loop0"/.test(one)));
    assert.ok(series.some((one) => /device="lo"/.test(one)));
  });

  it("does not stumble over a kernel whose tables grow new columns, lines and fields", async () => {
    using tree = new FixtureTree("host/linux-6.8");
    await using reading = new HostReading(tree, { include: ["netstat", "sockstat", "meminfo", "vmstat", "conntrack"] });
    await reading.scrape();
    tree.write("proc/net/snmp", "New: A\nNew: 1\nTcp: New CurrEstab\nTcp: 5 42\n");
    tree.write("proc/meminfo", "New_thing:  5 kB\nMemTotal:  10 kB\n");
    tree.write("proc/vmstat", "pgnew 1\npgfault 77\npgnewfault 3\n");
    const values = await reading.scrape();
    const picked = ["node_netstat_Tcp_CurrEstab", "node_memory_MemTotal_bytes", "node_vmstat_pgfault", "node_vmstat_pgnewfault"];
    assert.deepEqual(
      picked.map((name) => values.get(name)),
      [42, 10240, 77, 3],
    );
    assert.equal(values.has("node_netstat_Udp_NoPorts"), false, "it is gone");
  });
});
