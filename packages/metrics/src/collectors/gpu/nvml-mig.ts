import type { GpuReading } from "./gpu-state.ts";
import { available, type Nvml } from "./nvml-library.ts";

/** A part of a divided GPU. */
export interface MigDevice {
  readonly handle: bigint;
  /** The GPU instance: memory and engines. */
  readonly gpuInstance: number;
  /** The compute instance in it; several share the memory of their GPU instance. */
  readonly computeInstance: number;
  readonly uuid: string;
  readonly name: string;
}

const MEMORY_V2 = 40 | (2 << 24);

/** Whether a GPU is divided, and its parts; undefined for one that cannot be. */
export function migDevices(nvml: Nvml, handle: bigint): { readonly enabled: boolean; readonly devices: readonly MigDevice[] } | undefined {
  const { out } = nvml;
  if (nvml.call("nvmlDeviceGetMigMode", "dpp", handle, out, out.subarray(8)) !== 0) return undefined;
  if (out.readUInt32LE(0) !== 1) return { enabled: false, devices: [] };
  const devices: MigDevice[] = [];
  const most = nvml.u32("nvmlDeviceGetMaxMigDeviceCount", "d", handle);
  for (let index = 0; index < most; index++) {
    const device = handleOf(nvml, handle, index);
    if (device === undefined) continue; // this place is empty
    devices.push({
      handle: device,
      gpuInstance: nvml.u32("nvmlDeviceGetGpuInstanceId", "d", device),
      computeInstance: nvml.u32("nvmlDeviceGetComputeInstanceId", "d", device),
      uuid: nvml.text("nvmlDeviceGetUUID", "d", device),
      name: nvml.text("nvmlDeviceGetName", "d", device),
    });
  }
  return { enabled: true, devices };
}

/** One part of each GPU instance: what compute instances share is told once. */
export function gpuInstances(devices: readonly MigDevice[]): readonly MigDevice[] {
  return [...new Map(devices.toReversed().map((device) => [device.gpuInstance, device])).values()].reverse();
}

/** What parts there are, and their memory. */
export function migReadings(nvml: Nvml, devices: readonly MigDevice[]): GpuReading[] {
  const readings: GpuReading[] = devices.map(({ gpuInstance, computeInstance, uuid, name }) => [
    "migInfo",
    1,
    String(gpuInstance),
    String(computeInstance),
    uuid,
    name,
  ]);
  const { out } = nvml;
  for (const { handle, gpuInstance } of gpuInstances(devices)) {
    out.writeUInt32LE(MEMORY_V2, 0);
    if (nvml.call("nvmlDeviceGetMemoryInfo_v2", "dp", handle, out) !== 0) continue;
    const [total, used] = [available(out.readBigUInt64LE(8)), available(out.readBigUInt64LE(32))];
    if (!Number.isNaN(total)) readings.push(["migMemoryTotal", total, String(gpuInstance)]);
    if (!Number.isNaN(used)) readings.push(["migMemoryUsed", used, String(gpuInstance)]);
  }
  return readings;
}

/** An empty place answers "not found", which would be a lost GPU anywhere else. */
function handleOf(nvml: Nvml, handle: bigint, index: number): bigint | undefined {
  try {
    if (nvml.call("nvmlDeviceGetMigDeviceHandleByIndex", "dup", handle, index, nvml.out) === 0) return nvml.out.readBigUInt64LE(0);
  } catch {
    // Also when the GPU is really lost: the next call says so.
  }
  return undefined;
}
