import { type Collector, Registry } from "@inferometer/metrics";
import { gpu } from "@inferometer/metrics/collectors";
import { bytes } from "../terminal/units.ts";

/** One line for each GPU of this machine, with its name, load and memory at this moment. Empty where none answers. */
export async function gpuLines(collector: Collector & { settled(): Promise<void> } = gpu()): Promise<string[]> {
  await using registry = new Registry();
  registry.register(collector);
  await collector.settled();
  const { snapshot } = await registry.collect();
  const info = snapshot.get("gpu_info");
  const gauge = (name: string, labels: Readonly<Record<string, string>>): number | undefined => {
    const family = snapshot.get(name);
    const row = family?.row(labels) ?? -1;
    return row === -1 ? undefined : family!.value(row);
  };
  return Array.from({ length: info?.length ?? 0 }, (_, row) => {
    const labels = info!.labels(row);
    const id = labels["gpu"] ?? "";
    const used = gauge("gpu_memory_used_bytes", { gpu: id });
    const total = gauge("gpu_memory_total_bytes", { gpu: id });
    const name = labels["name"] || labels["vendor"] || id;
    return used === undefined || total === undefined ? name : `${name}: ${bytes(used)} of ${bytes(total)} memory in use`;
  });
}
