import { readdirSync } from "node:fs";
import type { KernelFile } from "../kernel-file.ts";
import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";
import { TICKS_PER_SECOND } from "./proc-stat.ts";

const MODES = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
const CPUS = "devices/system/cpu";

interface Throttle {
  readonly file: KernelFile;
  readonly series: Series;
}

/**
 * `node_cpu_seconds_total{cpu,mode}`, `node_cpu_guest_seconds_total{cpu,mode}`, `node_cpu_online{cpu}`, `node_cpu_isolated{cpu}`, and how often heat
 * has throttled cores (`node_cpu_core_throttles_total{package,core}`) and packages (`node_cpu_package_throttles_total{package}`).
 */
export const cpu: HostPart = {
  name: "cpu",
  open({ readings, stat, sys, sysPath, files }) {
    const seconds = readings.counters("node_cpu_seconds_total", { help: "Time that a CPU spent in each mode, in seconds.", labels: ["cpu", "mode"] });
    const guests = readings.counters("node_cpu_guest_seconds_total", {
      help: "Time that a CPU spent running virtual machines, in seconds. It is part of user and nice, too.",
      labels: ["cpu", "mode"],
    });
    const online = readings.gauges("node_cpu_online", { help: "Whether a CPU is online.", labels: ["cpu"] });
    const isolated = readings.gauges("node_cpu_isolated", { help: "Whether the scheduler leaves a CPU alone.", labels: ["cpu"] });
    const cores = readings.counters("node_cpu_core_throttles_total", { help: "How often a core was throttled.", labels: ["package", "core"] });
    const packages = readings.counters("node_cpu_package_throttles_total", { help: "How often a package was throttled.", labels: ["package"] });
    const lists = { present: sys(`${CPUS}/present`), online: sys(`${CPUS}/online`), isolated: sys(`${CPUS}/isolated`) };
    let layout = "";
    let states: { readonly series: Series; readonly value: number }[] = [];
    let throttles: Throttle[] = [];

    /** CPUs come and go seldom: their files are looked for when the list of those online has changed. */
    const look = (onlineNow: string): void => {
      const on = new Set(numbers(onlineNow));
      states = numbers(lists.present.string()).map((id) => ({ series: online.of(id), value: on.has(id) ? 1 : 0 }));
      for (const id of numbers(lists.isolated.string())) states.push({ series: isolated.of(id), value: 1 });
      for (const { file } of throttles) file.close();
      throttles = findThrottles();
    };
    const findThrottles = (): Throttle[] => {
      const found = new Map<string, Throttle>();
      // Threads of one core share its counter, cores of one package the package's: each is read once.
      const add = (key: string, path: string, series: () => Series): void => {
        if (!found.has(key)) found.set(key, { file: files.attribute(path), series: series() });
      };
      for (const folder of readdirSync(`${sysPath}/${CPUS}`)) {
        if (!/^cpu\d+$/.test(folder)) continue;
        const base = `${sysPath}/${CPUS}/${folder}`;
        const id = (of: string): string => files.peek(`${base}/topology/${of}`);
        const [pack, core] = [id("physical_package_id"), id("core_id")];
        if (pack === "" || core === "") continue;
        add(`${pack} ${core}`, `${base}/thermal_throttle/core_throttle_count`, () => cores.of(pack, core));
        add(pack, `${base}/thermal_throttle/package_throttle_count`, () => packages.of(pack));
      }
      return [...found.values()].filter(({ file }) => file.string() !== "");
    };

    return () => {
      stat.read();
      for (const one of stat.cpus) {
        one.series ??= [...MODES.map((mode) => seconds.of(one.cpu, mode)), guests.of(one.cpu, "user"), guests.of(one.cpu, "nice")];
        for (let k = 0; k < one.series.length; k++) one.series[k]!.set(one.ticks[k]! / TICKS_PER_SECOND);
      }
      const onlineNow = lists.online.string();
      if (onlineNow !== layout) {
        look(onlineNow);
        layout = onlineNow;
      }
      for (let k = 0; k < states.length; k++) states[k]!.series.set(states[k]!.value);
      for (let k = 0; k < throttles.length; k++) throttles[k]!.series.set(throttles[k]!.file.number());
    };
  },
};

/** The kernel's lists: "0-3,7" is 0, 1, 2, 3, 7. */
function numbers(list: string): string[] {
  return list.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range === "" ? [] : range.split("-").map(Number);
    return Array.from({ length: last - first + 1 || 0 }, (_, k) => String(first + k));
  });
}
