import type { GpuReading } from "./gpu-state.ts";
import { available, type Nvml } from "./nvml-library.ts";

const MEMORY_V2 = 40 | (2 << 24);

/** The instances of a GPU that is divided (MIG). Compute instances of one GPU instance share its memory, so that is told once. */
export function migReadings(nvml: Nvml, handle: bigint): GpuReading[] {
  const { out } = nvml;
  if (nvml.call("nvmlDeviceGetMigMode", "dpp", handle, out, out.subarray(8)) !== 0) return [];
  if (out.readUInt32LE(0) !== 1) return [["migEnabled", 0]];
  const readings: GpuReading[] = [["migEnabled", 1]];
  const told = new Set<string>();
  const most = nvml.u32("nvmlDeviceGetMaxMigDeviceCount", "d", handle);
  for (let index = 0; index < most; index++) {
    const instance = handleOf(nvml, handle, index);
    if (instance === undefined) continue; // this place is empty
    const id = String(nvml.u32("nvmlDeviceGetGpuInstanceId", "d", instance));
    const compute = String(nvml.u32("nvmlDeviceGetComputeInstanceId", "d", instance));
    const uuid = nvml.text("nvmlDeviceGetUUID", "d", instance);
    const name = nvml.text("nvmlDeviceGetName", "d", instance);
    readings.push(["migInfo", 1, id, compute, uuid, name]);
    if (told.has(id)) continue;
    told.add(id);
    out.writeUInt32LE(MEMORY_V2, 0);
    if (nvml.call("nvmlDeviceGetMemoryInfo_v2", "dp", instance, out) !== 0) continue;
    const [total, used] = [available(out.readBigUInt64LE(8)), available(out.readBigUInt64LE(32))];
    if (!Number.isNaN(total)) readings.push(["migMemoryTotal", total, id]);
    if (!Number.isNaN(used)) readings.push(["migMemoryUsed", used, id]);
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
