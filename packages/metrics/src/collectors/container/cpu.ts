import type { Series } from "../readings.ts";
import type { Cgroup } from "./cgroups.ts";
import { keyed } from "./keyed.ts";
import { cpuQuota } from "./limits.ts";
import type { ContainerContext, GroupReader } from "./part.ts";

const [MICROSECONDS, NANOSECONDS, TICKS] = [1e6, 1e9, 100];

/** CPU time, and how often and how long the group had to wait since its quota was used up. */
export function cpuTime(
  { readings, files, prefix }: ContainerContext,
  cpu: Cgroup | undefined,
  account: Cgroup | undefined,
): GroupReader | undefined {
  if (cpu === undefined && account === undefined) return undefined;
  const counter = (name: string, help: string): Series => readings.counter(`${prefix}_cpu_${name}_total`, help);
  const usage = counter("usage_seconds", "CPU time used, in seconds.");
  const user = counter("user_seconds", "CPU time used by programs, in seconds.");
  const system = counter("system_seconds", "CPU time used by the kernel for them, in seconds.");
  const throttled = {
    nr_periods: { series: counter("cfs_periods", "Periods of the quota that had something to run."), divisor: 1 },
    nr_throttled: { series: counter("cfs_throttled_periods", "Periods in which the quota was used up."), divisor: 1 },
    throttled_usec: { series: counter("cfs_throttled_seconds", "Time waited for the next period, in seconds."), divisor: MICROSECONDS },
    nr_bursts: { series: counter("cfs_burst_periods", "Periods in which saved-up quota was used."), divisor: 1 },
    burst_usec: { series: counter("cfs_burst_seconds", "Saved-up quota used, in seconds."), divisor: MICROSECONDS },
  };
  const v2 = {
    ...throttled,
    usage_usec: { series: usage, divisor: MICROSECONDS },
    user_usec: { series: user, divisor: MICROSECONDS },
    system_usec: { series: system, divisor: MICROSECONDS },
  };
  const v1 = {
    ...throttled,
    throttled_time: { ...throttled.throttled_usec, divisor: NANOSECONDS },
    burst_time: { ...throttled.burst_usec, divisor: NANOSECONDS },
  };
  const readStat = cpu === undefined ? undefined : keyed(files.attribute(`${cpu.folder}/cpu.stat`), cpu.version === 2 ? v2 : v1);
  const old = account?.version === 1 ? account : undefined;
  const total = old === undefined ? undefined : files.attribute(`${old.folder}/cpuacct.usage`);
  const ticks = { user: { series: user, divisor: TICKS }, system: { series: system, divisor: TICKS } };
  const readModes = old === undefined ? undefined : keyed(files.attribute(`${old.folder}/cpuacct.stat`), ticks);
  return () => {
    readStat?.();
    if (total !== undefined) usage.set(total.read().uint() / NANOSECONDS);
    readModes?.();
  };
}

/** The quota: the group's own, and the cores that all quotas above it leave. */
export function cpuLimit({ readings, files, prefix }: ContainerContext, cpu: Cgroup | undefined): GroupReader | undefined {
  if (cpu === undefined) return undefined;
  const quota = readings.gauge(`${prefix}_spec_cpu_quota`, "CPU time that the group may use in each period, in microseconds.");
  const period = readings.gauge(`${prefix}_spec_cpu_period`, "Period of the quota, in microseconds.");
  const cores = readings.gauge(`${prefix}_cpu_limit_cores`, "CPUs that the group may keep busy, by its own quota and those above it.");
  const quotas = cpu.ancestry.map((folder) => cpuQuota(files, cpu, folder));
  return () => {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < quotas.length; k++) {
      const now = quotas[k]!();
      if (now.quota / now.period < least) least = now.quota / now.period;
      if (k > 0) continue;
      quota.set(now.quota);
      period.set(now.period);
    }
    cores.set(least < Number.POSITIVE_INFINITY ? least : Number.NaN);
  };
}
