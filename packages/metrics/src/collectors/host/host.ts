import { parse } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Collector } from "../../core/collector.ts";
import { InferometerError, shown } from "../../core/errors.ts";
import type { Gauge } from "../../core/gauge.ts";
import type { Registry } from "../../core/registry.ts";
import { KernelFiles } from "../kernel-file.ts";
import { Outpost } from "../outpost.ts";
import { Readings } from "../readings.ts";
import type { HostContext, HostIgnore, HostPart, Reader } from "./part.ts";
import { partsOf } from "./parts.ts";
import { ProcStat } from "./proc-stat.ts";

/** A part whose files do not exist (a module that is not loaded, hardware that is not there) is looked for again after so long: failing costs more than reading. */
const ABSENT_MS = 30_000;
/** A scrape that has worked for so long lets others have the event loop. */
const SLICE_MS = 1;

const IGNORE: Required<HostIgnore> = {
  mountPoints: /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/,
  fileSystems:
    /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$/,
  disks: /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/,
  interfaces: /^$/,
  sensors: /^(nvme|drivetemp)$/,
};

export interface HostOptions {
  /** Parts to tell, by node_exporter's names ("cpu", "diskstats" …; all are in `hostParts`). Default: all that the system has. */
  readonly include?: readonly string[];
  /** Parts to leave out. Default: none. */
  readonly exclude?: readonly string[];
  /** Where /proc is seen. Default "/proc". */
  readonly procPath?: string;
  /** Where /sys is seen. Default "/sys". */
  readonly sysPath?: string;
  /** Where the machine's root is seen, for a container that has it mounted. Default "/". */
  readonly rootfs?: string;
  /** What is left out inside the parts. Default: node_exporter's defaults, and disks' own temperatures. */
  readonly ignore?: HostIgnore;
  /** Local directories whose file systems are told on macOS and Windows, where mounts cannot be listed. Default: the root of the working directory. */
  readonly mounts?: readonly string[];
  /** Default `systemClock`. */
  readonly clock?: Clock;
  /** The system whose parts are used. Default: this one. */
  readonly platform?: NodeJS.Platform;
}

/**
 * The machine: CPU, memory, disks, file systems, network, sensors, under node_exporter's names, types and labels, so that its dashboards and
 * rules work. For the process that watches the machine; several on one machine would tell the same several times.
 *
 * Each part adds `node_scrape_collector_success{collector}` and `node_scrape_collector_duration_seconds{collector}`; one that fails takes nothing
 * from the others. Nothing here waits for a disk, a network or a driver: what may hang is read by a child in the background.
 *
 * macOS and Windows: CPU times, memory, load (not on Windows), boot time, and file systems of `mounts`.
 *
 * Throws OPTION_INVALID for a part that does not exist.
 *
 * @example
 * registry.register(host({ exclude: ["arp"], ignore: { interfaces: /^(veth|cali|lxc)/ } }));
 */
export function host(options: HostOptions = {}): HostCollector {
  return new HostCollector(options);
}

interface OpenPart {
  readonly name: string;
  readonly slow: boolean;
  readonly readings: Readings;
  readonly read: Reader;
  readonly success: Gauge;
  readonly duration: Gauge;
  /** Not read before, by the clock: its files were not there. */
  absentUntil: number;
}

/** What `host()` makes. */
export class HostCollector implements Collector {
  readonly name = "host";
  readonly #chosen: readonly HostPart[];
  readonly #options: HostOptions;
  readonly #clock: Clock;
  readonly #files: KernelFiles = new KernelFiles();
  readonly #outpost: Outpost;
  readonly #failures: Map<string, string> = new Map();
  #stat: ProcStat | undefined;
  #parts: OpenPart[] | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#outpost = new Outpost({ clock: this.#clock });
    const { include, exclude = [], platform = process.platform } = options;
    const parts = partsOf(platform);
    const known = new Set([...parts, ...partsOf("linux")].map(({ name }) => name));
    for (const name of [...(include ?? []), ...exclude]) {
      if (!known.has(name))
        throw new InferometerError("OPTION_INVALID", `host() has no part ${shown(name)}. It has: ${[...known].sort().join(", ")}.`);
    }
    this.#chosen = parts.filter(({ name }) => (include === undefined || include.includes(name)) && !exclude.includes(name));
  }

  /** Parts that failed at the last scrape, and why. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  register(registry: Registry): void {
    if (this.#parts !== undefined)
      throw new InferometerError("COLLECTOR_CONFLICT", "This host() is registered already. Make another one for another registry.");
    const labels = ["collector"] as const;
    const success = registry.gauge("node_scrape_collector_success", { help: "Whether a part of host() succeeded.", labels, merge: "min" });
    const help = "Time that a part of host() took, in seconds.";
    const duration = registry.gauge("node_scrape_collector_duration_seconds", { help, labels, merge: "max" });
    const shared = this.#context();
    this.#parts = this.#chosen.map((part) => {
      const readings = new Readings();
      const labels = { collector: part.name };
      const open = {
        success: success.labels(labels),
        duration: duration.labels(labels),
        slow: part.slow === true,
        absentUntil: Number.NEGATIVE_INFINITY,
      };
      return { name: part.name, readings, read: part.open({ ...shared, readings }), ...open };
    });
    this.#stat?.forget();
    for (const part of this.#parts) part.readings.register(registry, () => this.#readFirst(part));
  }

  async collect(): Promise<void> {
    const clock = this.#clock;
    this.#stat?.forget();
    let begun = clock.now();
    for (const part of this.#parts ?? []) {
      const start = clock.now();
      if (start - begun > SLICE_MS) {
        await setImmediate();
        begun = clock.now();
      }
      if (start < part.absentUntil) continue;
      part.readings.begin();
      try {
        const work = part.read();
        if (work !== undefined) await work;
        this.#failures.delete(part.name);
        part.success.set(1);
      } catch (error) {
        this.#fail(part, error);
      }
      part.readings.end();
      part.duration.set((clock.now() - start) / 1000);
    }
  }

  /**
   * Waits until what is read in the background (network mounts, slow sensors) has answered for the first time, or its deadline of 5 s is over.
   * A server need not: scrapes never wait for it. For who asks once and ends: register, `await settled()`, collect.
   */
  async settled(): Promise<void> {
    await this.#outpost.settled();
  }

  /** Closes files and ends children; the metrics that came after the registration go. */
  close(): void {
    this.#outpost.close();
    this.#files.close();
    for (const { readings } of this.#parts ?? []) readings.close();
  }

  /** Reads for the first time, so that the metrics are registered with the collector. */
  #readFirst(part: OpenPart): void {
    if (part.slow) return;
    part.readings.begin();
    try {
      void part.read();
      part.success.set(1);
    } catch (error) {
      if (error instanceof InferometerError) throw error; // a name that somebody else has: the programmer's to mend
      this.#fail(part, error);
    }
    part.readings.end();
  }

  #fail(part: OpenPart, error: unknown): void {
    this.#failures.set(part.name, error instanceof Error ? error.message : String(error));
    part.success.set(0);
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") part.absentUntil = this.#clock.now() + ABSENT_MS;
  }

  #context(): Omit<HostContext, "readings"> {
    const { procPath = "/proc", sysPath = "/sys", rootfs = "/", ignore = {}, mounts = [parse(process.cwd()).root] } = this.#options;
    const files = this.#files;
    const proc = (path: string) => files.file(`${procPath}/${path}`);
    this.#stat = new ProcStat(proc("stat"));
    return {
      files,
      outpost: this.#outpost,
      clock: this.#clock,
      procPath,
      sysPath,
      rootfs: rootfs.replace(/\/+$/, ""),
      ignore: { ...IGNORE, ...ignore },
      mounts,
      stat: this.#stat,
      proc,
      sys: (path) => files.attribute(`${sysPath}/${path}`),
    };
  }
}
