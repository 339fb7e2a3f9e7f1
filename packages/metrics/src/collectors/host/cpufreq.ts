import { existsSync, readdirSync } from "node:fs";
import type { Series } from "../readings.ts";
import { SensorFiles } from "../sensor-files.ts";
import type { HostPart } from "./part.ts";

const CPUS = "devices/system/cpu";
/** Limits and governors change seldom: they are read again after so long. */
const LIMITS_MS = 60_000;
const HERTZ = 1000; // the kernel says kHz

const CURRENT = [
  ["cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Frequency of a CPU as its hardware says, in hertz."],
  ["scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Frequency of a CPU as the kernel set it, in hertz."],
] as const;
const LIMITS = [
  ["cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Lowest frequency of a CPU, in hertz."],
  ["cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Highest frequency of a CPU, in hertz."],
  ["scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Lowest frequency that the kernel gives a CPU, in hertz."],
  ["scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Highest frequency that the kernel gives a CPU, in hertz."],
] as const;

interface Limit {
  readonly path: string;
  readonly series: Series;
  value: number;
}

/** `node_cpu_frequency_{,min_,max_}hertz{cpu}`, `node_cpu_scaling_frequency_{,min_,max_}hertz{cpu}`, `node_cpu_scaling_governor{cpu,governor}`. */
export const cpufreq: HostPart = {
  name: "cpufreq",
  open(host) {
    const { readings, files, sys, sysPath, clock } = host;
    const gauge = (name: string, help: string) => readings.gauges(name, { help, labels: ["cpu"] });
    const current = CURRENT.map(([file, name, help]) => ({ file, family: gauge(name, help) }));
    const limits = LIMITS.map(([file, name, help]) => ({ file, family: gauge(name, help) }));
    const governors = readings.gauges("node_cpu_scaling_governor", { help: "Whether a governor steers a CPU.", labels: ["cpu", "governor"] });
    const online = sys(`${CPUS}/online`);
    let layout = "";
    let frequencies: { readonly files: SensorFiles; readonly series: readonly Series[] } | undefined;
    let slow: Limit[] = [];
    let states: { readonly series: Series; readonly value: number }[] = [];
    let readAt = Number.NEGATIVE_INFINITY;

    const look = (): void => {
      frequencies?.files.close();
      const found: { readonly path: string; readonly series: Series }[] = [];
      slow = [];
      for (const [cpu, folder] of cpuFolders(`${sysPath}/${CPUS}`)) {
        // cpuinfo_cur_freq is root's alone, and not every driver has it.
        for (const { file, family } of current)
          if (files.peek(`${folder}/${file}`) !== "") found.push({ path: `${folder}/${file}`, series: family.of(cpu) });
        for (const { file, family } of limits) slow.push({ path: `${folder}/${file}`, series: family.of(cpu), value: Number.NaN });
      }
      const paths = found.map(({ path }) => path);
      // Up to Linux 5.17 this read can sleep 10 ms for each CPU; SensorFiles leaves it to a child then.
      frequencies = { files: new SensorFiles(paths, { ...host, behind: "registers" }), series: found.map(({ series }) => series) };
    };
    const readLimits = (): void => {
      for (const limit of slow) limit.value = Number.parseFloat(files.peek(limit.path)) * HERTZ;
      states = [];
      for (const [cpu, folder] of cpuFolders(`${sysPath}/${CPUS}`)) {
        const governor = files.peek(`${folder}/scaling_governor`);
        if (governor === "") continue;
        const available = files.peek(`${folder}/scaling_available_governors`).split(" ");
        for (const one of new Set([...available, governor]))
          if (one !== "") states.push({ series: governors.of(cpu, one), value: one === governor ? 1 : 0 });
      }
    };

    return () => {
      const now = online.string();
      const changed = now !== layout || frequencies === undefined;
      if (changed) look();
      layout = now;
      if (changed || clock.now() - readAt >= LIMITS_MS) {
        readLimits();
        readAt = clock.now();
      }
      frequencies!.files.read();
      const { values } = frequencies!.files;
      for (let k = 0; k < values.length; k++) frequencies!.series[k]!.set(values[k]! * HERTZ);
      for (let k = 0; k < slow.length; k++) slow[k]!.series.set(slow[k]!.value);
      for (let k = 0; k < states.length; k++) states[k]!.series.set(states[k]!.value);
    };
  },
};

/** CPU numbers and their cpufreq folders. */
function cpuFolders(base: string): [cpu: string, folder: string][] {
  return readdirSync(base)
    .filter((name) => /^cpu\d+$/.test(name) && existsSync(`${base}/${name}/cpufreq`))
    .map((name) => [name.slice("cpu".length), `${base}/${name}/cpufreq`]);
}
