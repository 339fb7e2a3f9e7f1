import { Buffer } from "node:buffer";
import type { GpuReading } from "./gpu-state.ts";
import { available, NVML, type Nvml } from "./nvml-library.ts";

const PROCESS_BYTES = 24;
/** More than the driver says at first: others may start between two calls. */
const SPARE = 16;

/** Memory and number of the processes that use a GPU, by group. */
export function processReadings(nvml: Nvml, handle: bigint, groupOf: (pid: number) => string): GpuReading[] {
  // A process that computes and draws is in both lists, with the same memory.
  const memory = new Map<string, { readonly pid: number; readonly bytes: number }>();
  for (const name of ["nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v3"]) {
    for (const { pid, bytes, instance } of list(nvml, name, handle)) memory.set(`${pid} ${instance}`, { pid, bytes });
  }
  const groups = new Map<string, { readonly pids: Set<number>; bytes: number }>();
  for (const { pid, bytes } of memory.values()) {
    const group = groupOf(pid);
    const sum = groups.get(group) ?? { pids: new Set<number>(), bytes: 0 };
    sum.pids.add(pid);
    // On Windows the driver does not know it.
    if (!Number.isNaN(bytes)) sum.bytes += bytes;
    groups.set(group, sum);
  }
  return [...groups].flatMap(([group, { pids, bytes }]): GpuReading[] => [
    ["processes", pids.size, group],
    ["processMemory", bytes, group],
  ]);
}

function list(nvml: Nvml, name: string, handle: bigint): { readonly pid: number; readonly bytes: number; readonly instance: number }[] {
  const count = Buffer.alloc(4);
  let code = nvml.call(name, "dpp", handle, count, null);
  if (code !== NVML.insufficientSize) return [];
  const room = count.readUInt32LE(0) + SPARE;
  const found = Buffer.alloc(room * PROCESS_BYTES);
  count.writeUInt32LE(room, 0);
  code = nvml.call(name, "dpp", handle, count, found);
  if (code !== 0) return [];
  return Array.from({ length: Math.min(room, count.readUInt32LE(0)) }, (_, k) => {
    const at = k * PROCESS_BYTES;
    return { pid: found.readUInt32LE(at), bytes: available(found.readBigUInt64LE(at + 8)), instance: found.readUInt32LE(at + 16) };
  });
}
