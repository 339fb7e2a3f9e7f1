import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";
import type { Cgroup } from "./cgroups.ts";
import { keyed } from "./keyed.ts";
import { memoryLimit, swapLimit } from "./limits.ts";
import type { ContainerContext, GroupReader } from "./part.ts";

/** Fields of memory.stat in either version: what programs hold, the page cache, what of files is mapped, what of the cache was not used lately, swap, faults. */
const NAMES = {
  1: {
    rss: "total_rss",
    cache: "total_cache",
    mapped: "total_mapped_file",
    idle: "total_inactive_file",
    swap: "total_swap",
    faults: "total_pgfault",
    major: "total_pgmajfault",
  },
  2: { rss: "anon", cache: "file", mapped: "file_mapped", idle: "inactive_file", swap: "", faults: "pgfault", major: "pgmajfault" },
} as const;

/** Memory in use and its kinds, swap, the highest use, limits, and how often the kernel had to kill for want of it. */
export function memory(context: ContainerContext, group: Cgroup | undefined): GroupReader | undefined {
  if (group === undefined) return undefined;
  const { readings, files, prefix } = context;
  const gauge = (name: string, help: string): Series => readings.gauge(`${prefix}_memory_${name}`, help);
  const file = (name: string) => files.attribute(`${group.folder}/${name}`);
  const two = group.version === 2;
  const usage = {
    file: file(two ? "memory.current" : "memory.usage_in_bytes"),
    series: gauge("usage_bytes", "Memory in use, page cache included, in bytes."),
  };
  const working = gauge(
    "working_set_bytes",
    "Memory in use without the page cache that was not used lately, in bytes: what counts when memory runs short.",
  );
  const peak = {
    file: file(two ? "memory.peak" : "memory.max_usage_in_bytes"),
    series: gauge("max_usage_bytes", "Most memory ever in use, in bytes."),
  };
  const swap = gauge("swap", "Swap in use, in bytes.");
  const swapFile = two ? file("memory.swap.current") : undefined;
  const idle = { value: Number.NaN };
  const readStat = memoryStat(context, group, { swap, idle });
  const limits = readLimits(context, group);
  const kills = { oom_kill: { series: readings.counter(`${prefix}_oom_events_total`, "Processes killed for want of memory.") } };
  const readKills = keyed(file(two ? "memory.events" : "memory.oom_control"), kills);
  return () => {
    const used = usage.file.read().uint();
    usage.series.set(used);
    readStat();
    working.set(Math.max(0, used - (idle.value || 0)));
    peak.series.set(peak.file.number());
    if (swapFile !== undefined) swap.set(swapFile.number());
    limits();
    try {
      readKills();
    } catch {
      // The group at the top has no events of its own.
    }
  };
}

function memoryStat({ readings, files, prefix }: ContainerContext, group: Cgroup, out: { swap: Series; idle: { value: number } }): () => void {
  const names = NAMES[group.version];
  const gauge = (name: string, help: string): Series => readings.gauge(`${prefix}_memory_${name}`, help);
  const failures = readings.counters(`${prefix}_memory_failures_total`, { help: "Page faults.", labels: ["failure_type", "scope"] });
  const series = new Map<string, Series>([
    [names.rss, gauge("rss", "Memory that programs hold (anonymous), in bytes.")],
    [names.cache, gauge("cache", "Page cache, in bytes.")],
    [names.mapped, gauge("mapped_file", "Mapped files, in bytes.")],
    [names.faults, failures.of("pgfault", "container")],
    [names.major, failures.of("pgmajfault", "container")],
  ]);
  if (names.swap !== "") series.set(names.swap, out.swap);
  const file = files.attribute(`${group.folder}/memory.stat`);
  const keys = new KeyTable((key) => ({ series: series.get(key), idle: key === names.idle }));
  return () => {
    const text = file.read();
    keys.begin();
    while (text.word()) {
      const { series, idle } = keys.of(text);
      const value = text.uint();
      series?.set(value);
      if (idle) out.idle.value = value;
      text.nextLine();
    }
    keys.end();
  };
}

function readLimits({ readings, files, prefix }: ContainerContext, group: Cgroup): () => void {
  const memory = memoryLimit(files, group);
  const swap = swapLimit(files, group);
  const spec = readings.gauge(`${prefix}_spec_memory_limit_bytes`, "Memory that the group itself may use, in bytes.");
  const least = readings.gauge(`${prefix}_memory_limit_bytes`, "Memory that the group may use, by its own limit and those above it, in bytes.");
  const leastSwap = readings.gauge(
    `${prefix}_memory_swap_limit_bytes`,
    "Swap that the group may use, by its own limit and those above it, in bytes.",
  );
  return () => {
    spec.set(memory.own());
    least.set(memory.now());
    leastSwap.set(swap.now());
  };
}
