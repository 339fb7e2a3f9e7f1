import type { Collector } from "../../core/collector.ts";
import { InferometerError, shown } from "../../core/errors.ts";
import type { Registry } from "../../core/registry.ts";
import { KernelFiles } from "../kernel-file.ts";
import { Readings, type Series } from "../readings.ts";
import { type Cgroup, type Controller, cgroupsOf } from "./cgroups.ts";
import { cpuLimit, cpuTime } from "./cpu.ts";
import { type ContainerDetection, detectContainer } from "./detection.ts";
import { io } from "./io.ts";
import { memory } from "./memory.ts";
import type { ContainerContext, GroupReader } from "./part.ts";
import { pids } from "./pids.ts";
import { pressure } from "./pressure.ts";

export interface ContainerOptions {
  /**
   * What all names begin with. Default "container": cAdvisor's names. In Kubernetes the kubelet tells the same under the same names; where a query
   * would add both up, give another.
   */
  readonly prefix?: string;
  /** Where /proc is seen. Default "/proc". */
  readonly procPath?: string;
  /** Where /sys is seen. Default "/sys". */
  readonly sysPath?: string;
  /** What stands before the paths of the mount table, for tests. Default "". */
  readonly rootfs?: string;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The control group that this process runs in: a container's, or that of a service of systemd. CPU and throttling, memory with the working set,
 * swap, I/O, threads, pressure, OOM kills, and the limits that hold, those of the groups above included. cgroup v1, v2, and a mixture.
 *
 * Nothing is told where the group is the whole machine's, nor on systems without control groups.
 *
 * Throws OPTION_INVALID for a prefix that cannot begin a name.
 *
 * @example
 * const own = container();
 * registry.register(own);
 * console.log(own.detection); // { detected: true, runtime: "docker", … }
 */
export function container(options: ContainerOptions = {}): ContainerCollector {
  return new ContainerCollector(options);
}

/** What `container()` makes. */
export class ContainerCollector implements Collector {
  readonly name = "container";
  /** Whether this process is in a container, and which. */
  readonly detection: ContainerDetection;
  readonly #options: ContainerOptions;
  readonly #prefix: string;
  readonly #files: KernelFiles = new KernelFiles();
  readonly #readings: Readings = new Readings();
  readonly #failures: string[] = [];
  #info: Series | undefined;
  #readers: readonly GroupReader[] | undefined;

  constructor(options: ContainerOptions) {
    const { prefix = "container", procPath = "/proc", rootfs = "", env = process.env } = options;
    if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(prefix))
      throw new InferometerError("OPTION_INVALID", `prefix is ${shown(prefix)}. Use letters, digits and underscores, starting with a letter.`);
    this.#options = options;
    this.#prefix = prefix;
    this.detection = detectContainer({ procPath, rootfs, env });
  }

  /** What could not be read at the last scrape. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  register(registry: Registry): void {
    if (this.#readers !== undefined)
      throw new InferometerError("COLLECTOR_CONFLICT", "This container() is registered already. Make another one for another registry.");
    this.#readers = this.#open();
    this.#readings.register(registry, () => {
      try {
        this.collect();
      } catch (error) {
        if (error instanceof InferometerError) throw error; // a name that somebody else has
        // What cannot be read now is reported at the scrape.
      }
    });
  }

  /** Throws when nothing of the group can be read any more. What fails alone is absent, and named in `failures`. */
  collect(): void {
    const readers = this.#readers ?? [];
    this.#failures.length = 0;
    this.#readings.begin();
    this.#info?.set(1);
    for (const read of readers) {
      try {
        read();
      } catch (error) {
        if (error instanceof InferometerError) throw error;
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    this.#readings.end();
    const said = this.#readings.size - (this.#info === undefined ? 0 : 1);
    if (said === 0 && this.#failures.length > 0) throw new Error(this.#failures[0]);
  }

  close(): void {
    this.#files.close();
    this.#readings.close();
  }

  #open(): GroupReader[] {
    const { procPath = "/proc", sysPath = "/sys", rootfs = "" } = this.#options;
    const groups = cgroupsOf({ procPath, rootfs });
    /** Without a container around us the topmost group is the machine: not ours to tell. */
    const own = (controller: Controller): Cgroup | undefined => {
      const group = groups.get(controller);
      return group === undefined || (group.top && !this.detection.detected) ? undefined : group;
    };
    const context: ContainerContext = { readings: this.#readings, files: this.#files, prefix: this.#prefix, sysPath };
    const { detected, runtime, id } = this.detection;
    if (detected) {
      const help = "The container that this process is in; always 1.";
      this.#info = this.#readings.gauges(`${this.#prefix}_info`, { help, labels: ["runtime", "id"] }).of(runtime, id);
    }
    const readers = [
      cpuTime(context, own("cpu"), own("cpuacct")),
      cpuLimit(context, own("cpu")),
      memory(context, own("memory")),
      io(context, own("io")),
      pids(context, own("pids")),
      pressure(context, { cpu: own("cpu"), memory: own("memory"), io: own("io") }),
    ];
    return readers.filter((read) => read !== undefined);
  }
}
