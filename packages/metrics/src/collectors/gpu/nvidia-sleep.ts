import type { GpuReport, GpuState } from "./gpu-state.ts";
import type { PciGpu } from "./pci-gpus.ts";

/**
 * NVIDIA's GPUs while one of them sleeps. None is asked then, not even one that is awake: NVML begins by opening them all.
 *
 * @param known What was heard of a GPU before it fell asleep.
 */
export function asleep(gpus: readonly PciGpu[], known: (pci: string) => GpuReport | undefined): GpuState[] {
  return gpus.map(({ pci, suspended }, index) => {
    const before = known(pci);
    const identity = before?.identity ?? { vendor: "nvidia", name: "", uuid: "", driver: "", pci };
    return { gpu: before?.gpu ?? String(index), identity, condition: suspended ? "suspended" : "up", readings: [] };
  });
}
