import { Buffer } from "node:buffer";
import type { GpuReading } from "./gpu-state.ts";
import { available, NVML, type Nvml } from "./nvml-library.ts";

const PROCESS_BYTES = 24;
/** More than the driver says at first: others may start between two calls. */
const SPARE = 16;

interface Process {
  readonly pid: number;
  readonly bytes: number;
  readonly instance: number;
}

/**
 * Memory and number of the processes that use a GPU, by group.
 *
 * @param parts Handles of the parts of a divided GPU: the GPU itself tells their processes only to who may see all of them.
 */
export function processReadings(
  nvml: Nvml,
  handle: bigint,
  options: { readonly parts: readonly bigint[]; groupOf(pid: number): string },
): GpuReading[] {
  const { parts, groupOf } = options;
  // A process that computes and draws is in both lists, with the same memory.
  const memory = new Map<string, Process>();
  for (const kind of ["Compute", "Graphics"]) {
    const all = list(nvml, kind, handle) ?? parts.flatMap((part) => list(nvml, kind, part) ?? []);
    for (const process of all) memory.set(`${process.pid} ${process.instance}`, process);
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

/** Undefined: it may not be asked, or has no such list. */
function list(nvml: Nvml, kind: string, handle: bigint): Process[] | undefined {
  const count = Buffer.alloc(4);
  // Drivers before 510 have the second version, with the same struct.
  for (const name of ["v3", "v2"].map((version) => `nvmlDeviceGet${kind}RunningProcesses_${version}`)) {
    count.writeUInt32LE(0, 0);
    const asked = nvml.call(name, "dpp", handle, count, null);
    if (asked === NVML.noFunction) continue;
    if (asked !== NVML.insufficientSize) return asked === 0 ? [] : undefined;
    const room = count.readUInt32LE(0) + SPARE;
    const found = Buffer.alloc(room * PROCESS_BYTES);
    count.writeUInt32LE(room, 0);
    if (nvml.call(name, "dpp", handle, count, found) !== 0) return undefined;
    return Array.from({ length: Math.min(room, count.readUInt32LE(0)) }, (_, k) => {
      const at = k * PROCESS_BYTES;
      return { pid: found.readUInt32LE(at), bytes: available(found.readBigUInt64LE(at + 8)), instance: found.readUInt32LE(at + 16) };
    });
  }
  return undefined;
}
