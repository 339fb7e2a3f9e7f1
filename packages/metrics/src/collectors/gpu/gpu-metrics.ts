import type { ReadingFamily, Readings, Series } from "../readings.ts";
import type { GpuMetricName, GpuState } from "./gpu-state.ts";

interface Metric {
  readonly kind: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  /** Labels behind `gpu`. */
  readonly labels?: readonly string[];
}

const counter = (name: string, help: string, ...labels: readonly string[]): Metric => ({ kind: "counter", name, help, labels });
const gauge = (name: string, help: string, ...labels: readonly string[]): Metric => ({ kind: "gauge", name, help, labels });

/** All that gpu() tells, whatever the vendor: base units, and parts of 1 instead of percents. docs/collectors.md explains each. */
const METRICS: Readonly<Record<GpuMetricName, Metric>> = {
  utilization: gauge("gpu_utilization_ratio", "Part of the time that an engine was busy, 0 to 1.", "engine"),
  idle: counter("gpu_idle_seconds_total", "Time that an engine was powered down for want of work.", "engine"),
  memoryTotal: gauge("gpu_memory_total_bytes", "Memory of the GPU."),
  memoryUsed: gauge("gpu_memory_used_bytes", "Memory of the GPU that is in use."),
  memoryFree: gauge("gpu_memory_free_bytes", "Memory of the GPU that is free."),
  memoryReserved: gauge("gpu_memory_reserved_bytes", "Memory of the GPU that driver and firmware keep for themselves."),
  hostMemoryTotal: gauge("gpu_host_memory_total_bytes", "Memory of the machine that the GPU may use."),
  hostMemoryUsed: gauge("gpu_host_memory_used_bytes", "Memory of the machine that the GPU uses."),
  temperature: gauge("gpu_temperature_celsius", "Temperature.", "sensor"),
  power: gauge("gpu_power_watts", "Power that the board draws."),
  powerLimit: gauge("gpu_power_limit_watts", "Power at which the board slows down."),
  energy: counter("gpu_energy_joules_total", "Energy used since the driver was loaded."),
  clock: gauge("gpu_clock_hertz", "Clock frequency.", "domain"),
  clockMax: gauge("gpu_clock_max_hertz", "Highest clock frequency.", "domain"),
  fan: gauge("gpu_fan_ratio", "Speed that the fan is told to run at; 1 is its full speed."),
  fanSpeed: gauge("gpu_fan_rpm", "Speed of the fan, in turns a minute."),
  performanceState: gauge("gpu_performance_state", "Performance state: 0 is the fastest, 15 the slowest."),
  throttled: gauge("gpu_throttled", "Whether clocks are held down for a reason.", "reason"),
  throttledTime: counter("gpu_throttled_seconds_total", "Time that clocks were held down for a reason.", "reason"),
  eccErrors: counter("gpu_ecc_errors_total", "Memory errors: volatile since the driver was loaded, aggregate in the GPU's life.", "type", "scope"),
  retiredPages: gauge("gpu_retired_pages", "Pages of memory taken out of use.", "cause"),
  remappedRows: gauge("gpu_remapped_rows", "Rows of memory replaced by spare ones.", "cause"),
  remapPending: gauge("gpu_remap_pending", "Whether rows or pages wait for a reset to be replaced."),
  remapFailed: gauge("gpu_remap_failed", "Whether a row could not be replaced: the GPU should be."),
  recoveryNeeded: gauge("gpu_recovery_needed", "Whether the driver asks for something to be done, so that the GPU is healthy again.", "action"),
  xidErrors: counter("gpu_xid_errors_total", "Xid errors that the NVIDIA driver reported since gpu() began to look.", "xid"),
  pcieGeneration: gauge("gpu_pcie_generation", "PCIe generation of the link as it runs now."),
  pcieGenerationMax: gauge("gpu_pcie_generation_max", "Highest PCIe generation of GPU and slot."),
  pcieWidth: gauge("gpu_pcie_lanes", "PCIe lanes of the link as it runs now."),
  pcieWidthMax: gauge("gpu_pcie_lanes_max", "Most PCIe lanes of GPU and slot."),
  pcieReplays: counter("gpu_pcie_replays_total", "PCIe packets that had to be sent again."),
  pcieSent: gauge("gpu_pcie_transmitted_bytes_per_second", "What the GPU sends over PCIe, measured over 20 ms."),
  pcieReceived: gauge("gpu_pcie_received_bytes_per_second", "What the GPU receives over PCIe, measured over 20 ms."),
  nvlinkSent: counter("gpu_nvlink_transmitted_bytes_total", "Bytes sent over NVLink."),
  nvlinkReceived: counter("gpu_nvlink_received_bytes_total", "Bytes received over NVLink."),
  migEnabled: gauge("gpu_mig_enabled", "Whether the GPU is divided into instances (MIG)."),
  migInfo: gauge("gpu_mig_info", "An instance of a divided GPU; always 1.", "gpu_instance", "compute_instance", "uuid", "name"),
  migMemoryTotal: gauge("gpu_mig_memory_total_bytes", "Memory of a GPU instance.", "gpu_instance"),
  migMemoryUsed: gauge("gpu_mig_memory_used_bytes", "Memory of a GPU instance that is in use.", "gpu_instance"),
  migUtilization: gauge("gpu_mig_utilization_ratio", "Part of a GPU instance that was at work, 0 to 1.", "gpu_instance", "engine"),
  processes: gauge("gpu_processes", "Processes that use the GPU, by group.", "group"),
  processMemory: gauge("gpu_process_memory_bytes", "Memory of the GPU that processes use, by group.", "group"),
  processBusy: counter("gpu_process_busy_seconds_total", "Time that an engine worked for processes, by group.", "engine", "group"),
};

const OF_ITSELF = {
  info: gauge("gpu_info", "What GPU it is; always 1.", "vendor", "name", "uuid", "driver", "pci"),
  up: gauge("gpu_up", "Whether the GPU answers. A suspended one counts as up."),
  suspended: gauge("gpu_suspended", "Whether the GPU sleeps; it is not woken to be asked."),
  age: gauge("gpu_reading_age_seconds", "How old the values of a GPU are."),
} as const;

const RESTARTS = { kind: "counter", name: "gpu_source_failures_total", help: "How often a program that reads GPUs ended or hung." } as const;

/** Names of all metrics, for tests and documents. */
export const gpuMetricNames: readonly string[] = [RESTARTS, ...Object.values(OF_ITSELF), ...Object.values(METRICS)].map(({ name }) => name);

/** Says what is known of the GPUs, as metrics. */
export class GpuMetrics {
  readonly #readings: Readings;
  readonly #restarts: ReadingFamily;
  readonly #families: Map<string, ReadingFamily> = new Map();
  #series: Map<string, Series> = new Map();
  #before: Map<string, Series> = new Map();

  constructor(readings: Readings) {
    this.#readings = readings;
    this.#restarts = readings.counters(RESTARTS.name, { help: RESTARTS.help, labels: ["source"] });
  }

  /** What was told the last time and is not told now disappears. `failures`: how often each source failed. */
  tell(states: readonly GpuState[], failures: readonly (readonly [source: string, count: number])[]): void {
    [this.#before, this.#series] = [this.#series, new Map()];
    this.#readings.begin();
    for (const state of states) {
      const { gpu, identity, readings } = state;
      const { vendor, name, uuid, driver, pci } = identity;
      this.#set(OF_ITSELF.info, 1, [gpu, vendor, name, uuid, driver, pci]);
      this.#set(OF_ITSELF.up, state.condition === "lost" ? 0 : 1, [gpu]);
      this.#set(OF_ITSELF.suspended, state.condition === "suspended" ? 1 : 0, [gpu]);
      if (state.ageSeconds !== undefined) this.#set(OF_ITSELF.age, state.ageSeconds, [gpu]);
      for (const [metric, value, ...labels] of readings) this.#set(METRICS[metric], value, [gpu, ...labels]);
    }
    for (const [source, count] of failures) this.#restarts.of(source).set(count);
    this.#readings.end();
    this.#before.clear();
  }

  #set(metric: Metric, value: number, labels: readonly string[]): void {
    // What a driver says by mistake (a negative or infinite value) must not spoil the rest.
    if (!Number.isFinite(value) || (metric.kind === "counter" && value < 0)) return;
    const key = JSON.stringify([metric.name, ...labels]);
    const series = this.#series.get(key) ?? this.#before.get(key) ?? this.#family(metric).of(...labels);
    this.#series.set(key, series);
    series.set(value);
  }

  #family(metric: Metric): ReadingFamily {
    const { kind, name, help } = metric;
    const options = { help, labels: ["gpu", ...(metric.labels ?? [])] };
    const family = this.#families.get(name) ?? (kind === "counter" ? this.#readings.counters(name, options) : this.#readings.gauges(name, options));
    this.#families.set(name, family);
    return family;
  }
}
