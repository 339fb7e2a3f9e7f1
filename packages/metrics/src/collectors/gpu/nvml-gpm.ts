import { Buffer } from "node:buffer";
import type { GpuReading } from "./gpu-state.ts";
import type { Nvml } from "./nvml-library.ts";
import { gpuInstances, type MigDevice } from "./nvml-mig.ts";

/** nvml.h, NVML_GPM_METRIC_*: percents, over the time between two samples. */
const METRICS: readonly (readonly [id: number, engine: string])[] = [
  [1, "gpu"], // some compute or graphics at work
  [2, "sm"],
  [5, "tensor"],
  [10, "memory_bandwidth"],
];
/** nvmlGpmMetricsGet_t: version, number of metrics, two samples; then nvmlGpmMetric_t, 40 bytes each: id, return code, value, three texts. */
const [HEAD_BYTES, METRIC_BYTES] = [24, 40];
/** More than any driver's NVML_GPM_METRIC_MAX: the array has its full length in the struct. */
const PLACES = 512;
/** NVML wants more than 100 ms between two samples. */
const LEAST_MS = 200;

interface Sample {
  readonly sample: bigint;
  readonly at: number;
}

/**
 * How busy the parts of divided GPUs are, by NVML's GPM: Hopper and later. A GPU instance is told from its second round on. Where it may not be
 * asked (a container without NVIDIA_MIG_MONITOR_DEVICES), nothing is told.
 */
export class NvmlGpm {
  readonly #nvml: Nvml;
  readonly #now: () => number;
  /** By what identifies the instance: another shape has another UUID. */
  #samples: Map<string, Sample> = new Map();
  readonly #supported: Map<bigint, boolean> = new Map();

  /** @param now Milliseconds. */
  constructor(nvml: Nvml, now: () => number) {
    this.#nvml = nvml;
    this.#now = now;
  }

  readings(handle: bigint, devices: readonly MigDevice[]): GpuReading[] {
    if (devices.length === 0 || !this.#isSupported(handle)) return [];
    return gpuInstances(devices).flatMap((device) => {
      const before = this.#samples.get(device.uuid);
      const now = this.#take(handle, device.gpuInstance);
      if (now === undefined) return [];
      if (before !== undefined && now.at - before.at < LEAST_MS) {
        this.#free(now);
        return [];
      }
      this.#samples.set(device.uuid, now);
      if (before === undefined) return [];
      const readings = this.#compare(before, now, String(device.gpuInstance));
      this.#free(before);
      return readings;
    });
  }

  close(): void {
    for (const sample of this.#samples.values()) this.#free(sample);
    this.#samples = new Map();
    this.#supported.clear();
  }

  #isSupported(handle: bigint): boolean {
    const before = this.#supported.get(handle);
    if (before !== undefined) return before;
    const { out } = this.#nvml;
    out.writeUInt32LE(1, 0); // NVML_GPM_SUPPORT_VERSION
    const supported = this.#nvml.call("nvmlGpmQueryDeviceSupport", "dp", handle, out) === 0 && out.readUInt32LE(4) === 1;
    this.#supported.set(handle, supported);
    return supported;
  }

  #take(handle: bigint, gpuInstance: number): Sample | undefined {
    const nvml = this.#nvml;
    if (nvml.call("nvmlGpmSampleAlloc", "p", nvml.out) !== 0) return undefined;
    const taken = { sample: nvml.out.readBigUInt64LE(0), at: this.#now() };
    if (nvml.call("nvmlGpmMigSampleGet", "dud", handle, gpuInstance, taken.sample) === 0) return taken;
    this.#free(taken);
    return undefined;
  }

  #free({ sample }: Sample): void {
    this.#nvml.call("nvmlGpmSampleFree", "d", sample);
  }

  #compare(before: Sample, now: Sample, gpuInstance: string): GpuReading[] {
    const request = Buffer.alloc(HEAD_BYTES + PLACES * METRIC_BYTES);
    request.writeUInt32LE(1, 0); // NVML_GPM_METRICS_GET_VERSION
    request.writeUInt32LE(METRICS.length, 4);
    request.writeBigUInt64LE(before.sample, 8);
    request.writeBigUInt64LE(now.sample, 16);
    for (const [k, [id]] of METRICS.entries()) request.writeUInt32LE(id, HEAD_BYTES + k * METRIC_BYTES);
    if (this.#nvml.call("nvmlGpmMetricsGet", "p", request) !== 0) return [];
    return METRICS.flatMap(([, engine], k): GpuReading[] => {
      const at = HEAD_BYTES + k * METRIC_BYTES;
      const percent = request.readDoubleLE(at + 8);
      return request.readUInt32LE(at + 4) === 0 && percent >= 0 ? [["migUtilization", percent / 100, gpuInstance, engine]] : [];
    });
  }
}
