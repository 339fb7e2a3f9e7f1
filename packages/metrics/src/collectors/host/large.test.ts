import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { HostReading } from "./host-reading.test-kit.ts";

const [CPUS, DISKS, INTERFACES] = [64, 36, 43];
const linux = process.platform === "linux" ? {} : { skip: "counts descriptors in /proc" };

const times = <T>(count: number, make: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => make(k));

/** A server with two packages of 32 cores. */
function largeTree(): FixtureTree {
  const tree = new FixtureTree();
  const stat = times(CPUS, (k) => `cpu${k} ${1000 + k} 1 2 3 4 5 6 7 8 9\n`).join("");
  tree.write(
    "proc/stat",
    `cpu  1 2 3 4 5 6 7 8 9 10\n${stat}intr 5 ${"0 ".repeat(2000)}\nctxt 6\nbtime 7\nprocesses 8\nprocs_running 9\nprocs_blocked 10\n`,
  );
  tree.write("proc/diskstats", times(DISKS, (k) => `259 ${k} nvme${k}n1 ${k} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n`).join(""));
  tree.write("proc/net/dev", `head\nhead\n${times(INTERFACES, (k) => `veth${k}: ${k} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`).join("")}`);
  for (let k = 0; k < INTERFACES; k++) {
    const attributes = { operstate: "up", flags: "0x1003", carrier_changes: k, mtu: 1500, speed: 10_000, address: `00:00:00:00:00:${k}` };
    for (const [name, value] of Object.entries(attributes)) tree.write(`sys/class/net/veth${k}/${name}`, `${value}\n`);
  }
  tree.write("sys/devices/system/cpu/present", `0-${CPUS - 1}\n`);
  tree.write("sys/devices/system/cpu/online", `0-${CPUS - 1}\n`);
  for (let k = 0; k < CPUS; k++) {
    const cpu = `sys/devices/system/cpu/cpu${k}`;
    tree.write(`${cpu}/topology/physical_package_id`, `${k >> 5}\n`);
    tree.write(`${cpu}/topology/core_id`, `${k & 31}\n`);
    tree.write(`${cpu}/thermal_throttle/core_throttle_count`, `${k}\n`);
    tree.write(`${cpu}/thermal_throttle/package_throttle_count`, "9\n");
    tree.write(`${cpu}/cpufreq/scaling_cur_freq`, `${2_000_000 + k}\n`);
    tree.write(`${cpu}/cpufreq/scaling_max_freq`, "3000000\n");
  }
  for (const chip of [0, 1]) {
    tree.write(`sys/class/hwmon/hwmon${chip}/name`, "coretemp\n");
    tree.write(`sys/devices/platform/coretemp.${chip}/uevent`, "");
    tree.link(`sys/class/hwmon/hwmon${chip}/device`, `../../../devices/platform/coretemp.${chip}`);
    for (let k = 1; k <= 33; k++) tree.write(`sys/class/hwmon/hwmon${chip}/temp${k}_input`, `${1000 * k}\n`);
  }
  return tree;
}

describe("host() on a large machine", linux, () => {
  it("tells of every CPU, disk, interface and core, and keeps a bounded number of files open", async () => {
    using tree = largeTree();
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    {
      await using reading = new HostReading(tree, { include: ["cpu", "cpufreq", "diskstats", "hwmon", "netclass", "netdev", "stat"] });
      for (let round = 0; round < 3; round++) {
        const values = await reading.scrape();
        const count = (start: string): number => [...values.keys()].filter((series) => series.startsWith(`${start}{`)).length;
        const counts = [
          ["node_cpu_seconds_total", 8 * CPUS],
          ["node_cpu_core_throttles_total", CPUS],
          ["node_cpu_package_throttles_total", 2],
          ["node_cpu_scaling_frequency_hertz", CPUS],
          ["node_disk_io_now", DISKS],
          ["node_network_receive_bytes_total", INTERFACES],
          ["node_network_speed_bytes", INTERFACES],
          ["node_hwmon_temp_celsius", 66],
        ] as const;
        assert.deepEqual(
          counts.map(([name]) => [name, count(name)]),
          counts,
        );
        assert.equal(values.get('node_cpu_seconds_total{cpu="63",mode="user"}'), 10.63);
        assert.equal(values.get('node_cpu_core_throttles_total{package="1",core="31"}'), 63);
        assert.equal(values.get("node_context_switches_total"), 6);
      }
      assert.ok(descriptors() - before <= 512, `${descriptors() - before} descriptors are open`);
    }
    assert.equal(descriptors(), before, "closed with the registry");
  });
});
