import type { GpuReading } from "./gpu-state.ts";

/** Bits of nvmlClocksEventReasons (nvml.h). Idleness (bit 0) is left out: clocks that fall for want of work are no trouble. */
const REASONS: readonly (readonly [bit: number, reason: string])[] = [
  [0x2, "applications_clocks_setting"],
  [0x4, "sw_power_cap"],
  [0x8, "hw_slowdown"],
  [0x10, "sync_boost"],
  [0x20, "sw_thermal_slowdown"],
  [0x40, "hw_thermal_slowdown"],
  [0x80, "hw_power_brake_slowdown"],
  [0x100, "display_clock_setting"],
];

/** `gpu_throttled{reason}`, 0 or 1 for each reason, from NVIDIA's bits. */
export function throttleReadings(bits: number): GpuReading[] {
  return REASONS.map(([bit, reason]) => ["throttled", Math.floor(bits / bit) % 2, reason]);
}
