import { type Clock, systemClock } from "../../core/clock.ts";
import type { Collector } from "../../core/collector.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { InferometerError, shown } from "../../core/errors.ts";
import type { Registry } from "../../core/registry.ts";
import { NVML_PLACES, NvmlChild } from "../gpu-nvml.ts";
import { Readings } from "../readings.ts";
import { GpuMetrics } from "./gpu-metrics.ts";
import type { GpuSource, GpuState } from "./gpu-state.ts";
import { NvidiaSmi, SMI_PLACES } from "./nvidia-smi.ts";
import { type ProcessGroupsOption, planProcessGroups } from "./process-groups.ts";
import { SysfsCards } from "./sysfs-cards.ts";

export interface GpuOptions {
  /**
   * Who asks NVIDIA's GPUs. Default "nvidia-smi": the program that comes with the driver. "nvml": the driver's library, through the package `koffi`
   * in a process of its own; adds energy, Xid errors, MIG instances, NVLink and processes. `false`: nobody.
   */
  readonly nvidia?: "nvidia-smi" | "nvml" | false;
  /** How often GPUs are asked while somebody scrapes. Default "5s". */
  readonly every?: Duration;
  /** When nobody has scraped for so long, what asks the GPUs is stopped; more than the time between two scrapes. Default "5m". */
  readonly idle?: Duration;
  /**
   * Memory and engine time of processes, summed up by group. `true`: by program. Patterns: by the first that the command line fits, else "other".
   * Default false. For NVIDIA with "nvml" only.
   */
  readonly processes?: ProcessGroupsOption;
  /**
   * Whether to measure what goes over PCIe. Needs `nvidia: "nvml"`, and keeps that process waiting 20 ms for each direction of each GPU, each time.
   * Default false.
   */
  readonly pcieThroughput?: boolean;
  /** Whether a machine without a GPU that answers is a failure, so that `/health` says 503. Default false. */
  readonly required?: boolean;
  /** NVIDIA's program: a name on PATH, or a path. Default "nvidia-smi", also where WSL has it. */
  readonly command?: string;
  /** NVIDIA's library. Default "libnvidia-ml.so.1" ("nvml.dll" on Windows), also where WSL and others have it. */
  readonly library?: string;
  /** Where /proc is seen. Default "/proc". */
  readonly procPath?: string;
  /** Where /sys is seen. Default "/sys". */
  readonly sysPath?: string;
  /** Default `systemClock`. */
  readonly clock?: Clock;
}

/**
 * GPUs of NVIDIA, AMD and Intel under the same names, in base units: `gpu_utilization_ratio{gpu,engine}`, `gpu_memory_used_bytes{gpu}` and so on.
 *
 * Drivers are asked in child processes, the first time when somebody scrapes: a driver that hangs delays no scrape, and a child that dies is started
 * again with back-off. A GPU that stops answering has `gpu_up` 0 and no other values. One that sleeps is not woken. A machine without a GPU has none
 * of these metrics, which is no failure unless `required`.
 *
 * The first scrape brings no values yet, unless `settled()` was waited for.
 *
 * Throws OPTION_INVALID, DURATION_INVALID.
 *
 * @example
 * registry.register(gpu({ nvidia: "nvml", processes: { training: /train\.py/, serving: /serve/ } }));
 */
export function gpu(options: GpuOptions = {}): GpuCollector {
  return new GpuCollector(options);
}

/** What `gpu()` makes. */
export class GpuCollector implements Collector {
  readonly name = "gpu";
  readonly required: boolean;
  readonly #readings: Readings = new Readings();
  readonly #metrics: GpuMetrics = new GpuMetrics(this.#readings);
  readonly #sources: readonly GpuSource[];
  #registered = false;

  constructor(options: GpuOptions) {
    const { nvidia = "nvidia-smi", required = false, procPath = "/proc", sysPath = "/sys", clock = systemClock, processes = false } = options;
    const { pcieThroughput = false } = options;
    if (pcieThroughput && nvidia !== "nvml")
      throw new InferometerError("OPTION_INVALID", `pcieThroughput is true and nvidia is ${shown(nvidia)}. Only nvidia: "nvml" can measure it.`);
    const everyMs = atLeast("every", options.every ?? "5s", 100);
    const idleMs = atLeast("idle", options.idle ?? "5m", everyMs);
    const groups = planProcessGroups(processes);
    const shared = { clock, everyMs, idleMs, procPath, sysPath, ...(groups === undefined ? {} : { groups }) };
    const sources: GpuSource[] = [new SysfsCards(shared)];
    if (nvidia === "nvidia-smi") sources.push(new NvidiaSmi({ ...shared, commands: options.command === undefined ? SMI_PLACES : [options.command] }));
    else if (nvidia === "nvml") {
      const libraries = options.library === undefined ? NVML_PLACES : [options.library];
      sources.push(new NvmlChild({ ...shared, libraries, pcieThroughput }));
    } else if (nvidia !== false) throw new InferometerError("OPTION_INVALID", `nvidia is ${shown(nvidia)}. Give "nvidia-smi", "nvml" or false.`);
    this.#sources = sources;
    this.required = required;
  }

  register(registry: Registry): void {
    if (this.#registered)
      throw new InferometerError("COLLECTOR_CONFLICT", "This gpu() is registered already. Make another one for another registry.");
    this.#registered = true;
    // No GPU is asked before somebody scrapes. And none of the metrics is the collector's own, so that gpu_up is seen when it fails.
    this.#readings.register(registry, () => {});
  }

  /** Throws, when everything is told, if a GPU is lost or cannot be asked. */
  async collect(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.fresh?.()));
    const states = once(this.#sources.flatMap((source) => source.read()));
    this.#metrics.tell(
      states,
      this.#sources.filter(({ failures }) => failures > 0).map(({ name, failures }) => [name, failures]),
    );
    const failures = this.#sources.map(({ failure }) => failure).filter((failure) => failure !== "");
    for (const { gpu, identity, condition, why = "" } of states) {
      const name = identity.name === "" ? "" : ` (${identity.name})`;
      if (condition === "lost") failures.push(`GPU ${gpu}${name} does not answer${why === "" ? "" : `: ${why}`}`);
    }
    const none = states.length === 0 && this.#sources.every(({ tried }) => tried);
    if (none && this.required && failures.length === 0) {
      const why = this.#sources.flatMap(({ absence }) => absence || []).join("; ");
      failures.push(`no GPU was found${why === "" ? "" : ` (${why})`}`);
    }
    if (failures.length > 0) throw new Error(failures.join("; "));
  }

  /**
   * Waits until every GPU has answered for the first time, 5 s at most. A server need not: scrapes never wait. For who asks once and ends: register,
   * `await settled()`, collect.
   */
  async settled(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.settled()));
  }

  /** Ends the children; the metrics go. */
  close(): void {
    for (const source of this.#sources) source.close();
    this.#readings.close();
  }
}

/** Jetson's GPU is seen twice: by the kernel's devfreq, and by an nvidia-smi that knows only a name, such as "Orin (nvgpu)". */
function once(states: readonly GpuState[]): readonly GpuState[] {
  const nameless = ({ identity, readings }: GpuState): boolean => identity.name.endsWith("(nvgpu)") && readings.length === 0;
  return states.some((state) => state.identity.vendor === "nvidia" && !nameless(state)) ? states.filter((state) => !nameless(state)) : states;
}

function atLeast(name: string, given: Duration, leastMs: number): number {
  const ms = parseDuration(given);
  if (ms >= leastMs && ms < 2 ** 31) return ms;
  throw new InferometerError("OPTION_INVALID", `${name} is ${shown(given)}. Give a time from "${leastMs}ms" on.`);
}
