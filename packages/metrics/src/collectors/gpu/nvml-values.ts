import { Buffer } from "node:buffer";
import type { GpuMetricName, GpuReading } from "./gpu-state.ts";
import { throttleReadings } from "./nvidia-throttle.ts";
import { available, type Nvml } from "./nvml-library.ts";

const DOMAINS = ["graphics", "sm", "memory", "video"] as const;
const MEMORY_V2_BYTES = 40;
const MEMORY_V2 = MEMORY_V2_BYTES | (2 << 24);
const TEMPERATURE_V1 = 12 | (1 << 24);
const KIB = 1024;

/** Values that NVML has no function for (nvml.h, NVML_FI_*): the field's number, what it is, its unit in ours. */
const FIELDS: readonly (readonly [id: number, metric: GpuMetricName, scale: number, ...labels: string[]])[] = [
  [82, "temperature", 1, "memory"],
  [29, "retiredPages", 1, "corrected"],
  [30, "retiredPages", 1, "uncorrected"],
  [31, "remapPending", 1],
  [142, "remappedRows", 1, "corrected"],
  [143, "remappedRows", 1, "uncorrected"],
  [144, "remapPending", 1],
  [145, "remapFailed", 1],
  [74, "throttledTime", 1e-9, "sw_power_cap"], // newer nvml.h: NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP
  [75, "throttledTime", 1e-9, "thermal"],
  [76, "throttledTime", 1e-9, "sync_boost"],
  [77, "throttledTime", 1e-9, "board_limit"],
  [78, "throttledTime", 1e-9, "low_utilization"],
  [79, "throttledTime", 1e-9, "reliability"],
  [138, "nvlinkSent", KIB],
  [139, "nvlinkReceived", KIB],
];
const FIELD_BYTES = 40;
const ALL_LINKS = 0xffff_ffff;
const NVLINK_FIELDS: ReadonlySet<number> = new Set([138, 139]);

/** All that is known of a GPU; what its driver or its chip does not have is left out. Throws NvmlError when it is lost. */
export function deviceReadings(nvml: Nvml, handle: bigint): GpuReading[] {
  const readings: GpuReading[] = [];
  const say = (metric: GpuMetricName, value: number, ...labels: string[]): void => {
    if (!Number.isNaN(value)) readings.push([metric, value, ...labels]);
  };
  if (nvml.call("nvmlDeviceGetUtilizationRates", "dp", handle, nvml.out) === 0) {
    say("utilization", nvml.out.readUInt32LE(0) / 100, "gpu");
    say("utilization", nvml.out.readUInt32LE(4) / 100, "memory");
  }
  for (const [name, engine] of ENGINES) say("utilization", busyOf(nvml, name, handle) / 100, engine);
  for (const [metric, bytes] of memoryOf(nvml, handle)) say(metric, bytes);
  say("temperature", temperatureOf(nvml, handle), "gpu");
  say("power", nvml.u32("nvmlDeviceGetPowerUsage", "d", handle) / 1000);
  say("powerLimit", nvml.u32("nvmlDeviceGetEnforcedPowerLimit", "d", handle) / 1000);
  say("energy", nvml.u64("nvmlDeviceGetTotalEnergyConsumption", "d", handle) / 1000);
  for (const [domain, label] of DOMAINS.entries()) {
    say("clock", nvml.u32("nvmlDeviceGetClockInfo", "du", handle, domain) * 1e6, label);
    say("clockMax", nvml.u32("nvmlDeviceGetMaxClockInfo", "du", handle, domain) * 1e6, label);
  }
  say("fan", nvml.u32("nvmlDeviceGetFanSpeed", "d", handle) / 100);
  const state = nvml.u32("nvmlDeviceGetPerformanceState", "d", handle);
  say("performanceState", state <= 15 ? state : Number.NaN); // 32: unknown
  for (const [type, name] of ["corrected", "uncorrected"].entries())
    for (const [scope, label] of ["volatile", "aggregate"].entries())
      say("eccErrors", nvml.u64("nvmlDeviceGetTotalEccErrors", "duu", handle, type, scope), name, label);
  say("pcieGeneration", nvml.u32("nvmlDeviceGetCurrPcieLinkGeneration", "d", handle));
  say("pcieGenerationMax", nvml.u32("nvmlDeviceGetMaxPcieLinkGeneration", "d", handle));
  say("pcieWidth", nvml.u32("nvmlDeviceGetCurrPcieLinkWidth", "d", handle));
  say("pcieWidthMax", nvml.u32("nvmlDeviceGetMaxPcieLinkWidth", "d", handle));
  say("pcieReplays", nvml.u32("nvmlDeviceGetPcieReplayCounter", "d", handle));
  const reasons = reasonsOf(nvml, handle);
  if (!Number.isNaN(reasons)) readings.push(...throttleReadings(reasons));
  readings.push(...fieldReadings(nvml, handle));
  return readings;
}

/** What goes over PCIe. NVML counts for 20 ms each time that it is asked for one direction, and gives kB/s. */
export function pcieThroughput(nvml: Nvml, handle: bigint): GpuReading[] {
  const [sent, received] = [0, 1].map((counter) => nvml.u32("nvmlDeviceGetPcieThroughput", "du", handle, counter) * 1000) as [number, number];
  const readings: GpuReading[] = [
    ["pcieSent", sent],
    ["pcieReceived", received],
  ];
  return readings.filter(([, value]) => !Number.isNaN(value));
}

const ENGINES = [
  ["nvmlDeviceGetEncoderUtilization", "encoder"],
  ["nvmlDeviceGetDecoderUtilization", "decoder"],
  ["nvmlDeviceGetJpgUtilization", "jpeg"],
  ["nvmlDeviceGetOfaUtilization", "optical_flow"],
] as const;

/** Percent; the function also writes over how long it measured. */
function busyOf(nvml: Nvml, name: string, handle: bigint): number {
  return nvml.call(name, "dpp", handle, nvml.out, nvml.out.subarray(8)) === 0 ? nvml.out.readUInt32LE(0) : Number.NaN;
}

/** Old drivers know only the version that counts the reserved memory as used. */
function memoryOf(nvml: Nvml, handle: bigint): [GpuMetricName, number][] {
  const { out } = nvml;
  const at = (place: number): number => available(out.readBigUInt64LE(place));
  out.writeUInt32LE(MEMORY_V2, 0);
  if (nvml.call("nvmlDeviceGetMemoryInfo_v2", "dp", handle, out) === 0) {
    return [
      ["memoryTotal", at(8)],
      ["memoryReserved", at(16)],
      ["memoryFree", at(24)],
      ["memoryUsed", at(32)],
    ];
  }
  if (nvml.call("nvmlDeviceGetMemoryInfo", "dp", handle, out) !== 0) return [];
  return [
    ["memoryTotal", at(0)],
    ["memoryFree", at(8)],
    ["memoryUsed", at(16)],
  ];
}

function temperatureOf(nvml: Nvml, handle: bigint): number {
  const { out } = nvml;
  out.writeUInt32LE(TEMPERATURE_V1, 0);
  out.writeUInt32LE(0, 4);
  if (nvml.call("nvmlDeviceGetTemperatureV", "dp", handle, out) === 0) return out.readInt32LE(8);
  return nvml.u32("nvmlDeviceGetTemperature", "du", handle, 0);
}

/** The function was renamed with driver 535. */
function reasonsOf(nvml: Nvml, handle: bigint): number {
  const reasons = nvml.u64("nvmlDeviceGetCurrentClocksEventReasons", "d", handle);
  return Number.isNaN(reasons) ? nvml.u64("nvmlDeviceGetCurrentClocksThrottleReasons", "d", handle) : reasons;
}

function fieldReadings(nvml: Nvml, handle: bigint): GpuReading[] {
  const values = Buffer.alloc(FIELDS.length * FIELD_BYTES);
  for (const [k, [id]] of FIELDS.entries()) {
    values.writeUInt32LE(id, k * FIELD_BYTES);
    if (NVLINK_FIELDS.has(id)) values.writeUInt32LE(ALL_LINKS, k * FIELD_BYTES + 4);
  }
  if (nvml.call("nvmlDeviceGetFieldValues", "dup", handle, FIELDS.length, values) !== 0) return [];
  return FIELDS.flatMap(([, metric, scale, ...labels], k): GpuReading[] => {
    const at = k * FIELD_BYTES;
    if (values.readUInt32LE(at + 28) !== 0) return []; // a code of its own
    const value = fieldNumber(values, at);
    return Number.isNaN(value) ? [] : [[metric, value * scale, ...labels]];
  });
}

/** The union's member by nvmlValueType_t: double, unsigned, unsigned long, unsigned long long, signed long long, int. */
function fieldNumber(values: Buffer, at: number): number {
  const type = values.readUInt32LE(at + 24);
  if (type === 0) return values.readDoubleLE(at + 32);
  if (type === 1) return values.readUInt32LE(at + 32);
  if (type === 2 || type === 3) return available(values.readBigUInt64LE(at + 32));
  if (type === 4) return Number(values.readBigInt64LE(at + 32));
  return type === 5 ? values.readInt32LE(at + 32) : Number.NaN;
}
