import type { KernelFile } from "../kernel-file.ts";
import { type PressureLine, readPressure } from "../pressure-stall.ts";
import type { Cgroup } from "./cgroups.ts";
import type { ContainerContext, GroupReader } from "./part.ts";

/** Time lost for want of CPU, memory or I/O, by the group that has the controller. Version 1 has none. */
export function pressure(
  { readings, files, prefix }: ContainerContext,
  groups: Readonly<Record<string, Cgroup | undefined>>,
): GroupReader | undefined {
  const counter = (resource: string, kind: string, help: string) => readings.counter(`${prefix}_pressure_${resource}_${kind}_seconds_total`, help);
  const resources: { readonly file: KernelFile; readonly lines: readonly PressureLine[] }[] = [];
  for (const [resource, group] of Object.entries(groups)) {
    if (group?.version !== 2) continue;
    const waiting = counter(resource, "waiting", `Time in which at least one task waited for ${resource}, in seconds.`);
    const stalled = counter(resource, "stalled", `Time in which no task could go on for want of ${resource}, in seconds.`);
    const lines: readonly PressureLine[] = [
      { start: "some", series: waiting },
      { start: "full", series: stalled },
    ];
    resources.push({ file: files.attribute(`${group.folder}/${resource}.pressure`), lines });
  }
  if (resources.length === 0) return undefined;
  return () => {
    for (const { file, lines } of resources) {
      try {
        readPressure(file, lines);
      } catch {
        // A kernel without pressure stall information, or with it switched off.
      }
    }
  };
}
