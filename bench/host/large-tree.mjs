import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const [CPUS, DISKS, INTERFACES, SENSORS] = [64, 36, 43, 33];
const times = (count, make) => Array.from({ length: count }, (_, k) => make(k));

/** A server with two packages of 32 cores, 36 disks and 43 network interfaces, as a folder with proc/ and sys/. */
export function largeTree() {
  const root = mkdtempSync(join(tmpdir(), "inferometer-bench-"));
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const link = (path, target) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  };
  const digits = (k, count) => times(count, (n) => 1_000_000 + k * 1000 + n).join(" ");
  write(
    "proc/stat",
    `cpu  ${digits(0, 10)}\n${times(CPUS, (k) => `cpu${k} ${digits(k, 10)}\n`).join("")}intr 5 ${"0 ".repeat(2000)}\nctxt 6\nbtime 1700000000\nprocesses 8\nprocs_running 9\nprocs_blocked 1\n`,
  );
  write(
    "proc/cpuinfo",
    times(
      CPUS,
      (k) => `processor\t: ${k}\nvendor_id\t: GenuineIntel\nmodel name\t: Bench\nphysical id\t: ${k >> 5}\ncore id\t\t: ${k & 31}\n\n`,
    ).join(""),
  );
  write("proc/diskstats", times(DISKS, (k) => ` 259 ${k} nvme${k}n1 ${digits(k, 17)}\n`).join(""));
  write("proc/net/dev", `Inter-|   Receive\n face |bytes\n${times(INTERFACES, (k) => `  eth${k}: ${digits(k, 16)}\n`).join("")}`);
  write("proc/loadavg", "1.00 2.00 3.00 1/200 12345\n");
  write("proc/meminfo", times(50, (k) => `Field${k}:       ${1000 * k} kB\n`).join(""));
  write("proc/vmstat", "nr_free_pages 1\npgpgin 1\npgpgout 2\npswpin 3\npswpout 4\npgfault 5\npgmajfault 6\noom_kill 0\n");
  write("proc/1/mountinfo", "");
  for (let k = 0; k < INTERFACES; k++) {
    const attributes = {
      operstate: "up",
      flags: "0x1003",
      carrier: 1,
      carrier_changes: k,
      mtu: 1500,
      speed: 10_000,
      address: `00:00:00:00:00:${k}`,
      ifindex: k,
    };
    for (const [name, value] of Object.entries(attributes)) write(`sys/class/net/eth${k}/${name}`, `${value}\n`);
    write(`sys/class/net/eth${k}/statistics/rx_nohandler`, "0\n");
  }
  for (let k = 0; k < DISKS; k++) mkdirSync(join(root, `sys/block/nvme${k}n1`), { recursive: true });
  write("sys/devices/system/cpu/present", `0-${CPUS - 1}\n`);
  write("sys/devices/system/cpu/online", `0-${CPUS - 1}\n`);
  write("sys/devices/system/cpu/isolated", "\n");
  for (let k = 0; k < CPUS; k++) {
    const cpu = `sys/devices/system/cpu/cpu${k}`;
    write(`${cpu}/topology/physical_package_id`, `${k >> 5}\n`);
    write(`${cpu}/topology/core_id`, `${k & 31}\n`);
    write(`${cpu}/thermal_throttle/core_throttle_count`, `${k}\n`);
    write(`${cpu}/thermal_throttle/package_throttle_count`, "9\n");
    const frequencies = {
      cpuinfo_max_freq: 3_000_000,
      cpuinfo_min_freq: 800_000,
      scaling_cur_freq: 2_000_000 + k,
      scaling_max_freq: 3_000_000,
      scaling_min_freq: 800_000,
    };
    for (const [name, value] of Object.entries(frequencies)) write(`${cpu}/cpufreq/${name}`, `${value}\n`);
    write(`${cpu}/cpufreq/scaling_governor`, "powersave\n");
    write(`${cpu}/cpufreq/scaling_available_governors`, "performance powersave\n");
    write(`${cpu}/cpufreq/scaling_driver`, "bench\n");
  }
  for (const chip of [0, 1]) {
    write(`sys/class/hwmon/hwmon${chip}/name`, "coretemp\n");
    write(`sys/devices/platform/coretemp.${chip}/uevent`, "");
    link(`sys/class/hwmon/hwmon${chip}/device`, `../../../devices/platform/coretemp.${chip}`);
    for (let k = 1; k <= SENSORS; k++) write(`sys/class/hwmon/hwmon${chip}/temp${k}_input`, `${1000 * k}\n`);
  }
  return { path: root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
