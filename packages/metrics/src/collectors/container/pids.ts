import type { Cgroup } from "./cgroups.ts";
import { tasksLimit } from "./limits.ts";
import type { ContainerContext, GroupReader } from "./part.ts";

/** Threads, and how many there may be. */
export function pids({ readings, files, prefix }: ContainerContext, group: Cgroup | undefined): GroupReader | undefined {
  if (group === undefined) return undefined;
  const current = files.attribute(`${group.folder}/pids.current`);
  const threads = readings.gauge(`${prefix}_threads`, "Threads.");
  const most = readings.gauge(`${prefix}_threads_max`, "Most threads that there may be, by the group's own limit and those above it.");
  const limit = tasksLimit(files, group);
  return () => {
    threads.set(current.number()); // the group at the top has no such file
    most.set(limit.now());
  };
}
