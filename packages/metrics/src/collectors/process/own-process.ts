import { readdirSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import nodeProcess from "node:process";
import type { Counter } from "../../core/counter.ts";
import type { Gauge } from "../../core/gauge.ts";
import type { Registry } from "../../core/registry.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { type Limit, memoryLimit } from "../container/limits.ts";
import type { KernelFile } from "../kernel-file.ts";
import { KernelFiles } from "../kernel-file.ts";

const MICROSECONDS = 1e6;

/** What the operating system says of this process: `process_*`. */
export class OwnProcess {
  readonly #files: KernelFiles = new KernelFiles({ keep: 16 });
  readonly #cpu: { readonly user: Counter; readonly system: Counter; readonly all: Counter };
  readonly #switches: { readonly voluntary: Counter; readonly involuntary: Counter };
  readonly #faults: { readonly minor: Counter; readonly major: Counter };
  readonly #memoryLimit: Gauge;
  readonly #limit: Limit | undefined;
  readonly #proc: ProcSelf | undefined;

  constructor(registry: Registry, { procPath, rootfs }: { readonly procPath: string; readonly rootfs: string }) {
    const cpu = (name: string, what: string): Counter => registry.counter(`process_cpu_${name}_total`, { help: `CPU time ${what}, in seconds.` });
    this.#cpu = { user: cpu("user_seconds", "of the program"), system: cpu("system_seconds", "of the kernel for it"), all: cpu("seconds", "used") };
    const switches = registry.counter("process_context_switches_total", {
      help: "Times that the process gave up a CPU (voluntary) or lost it.",
      labels: { kind: ["voluntary", "involuntary"] },
    });
    this.#switches = { voluntary: switches.labels({ kind: "voluntary" }), involuntary: switches.labels({ kind: "involuntary" }) };
    const faults = registry.counter("process_page_faults_total", {
      help: "Page faults: answered from memory (minor) or from a disk (major).",
      labels: { kind: ["minor", "major"] },
    });
    this.#faults = { minor: faults.labels({ kind: "minor" }), major: faults.labels({ kind: "major" }) };
    const start = registry.gauge("process_start_time_seconds", { help: "When the process was started, in seconds since 1970.", merge: "min" });
    start.set(performance.timeOrigin / 1000);
    this.#memoryLimit = registry.gauge("process_memory_limit_bytes", {
      help: "Memory that the process may use: what its control groups allow, or what the machine has, in bytes.",
      merge: "max",
    });
    const group = cgroupsOf({ procPath, rootfs }).get("memory");
    this.#limit = group === undefined ? undefined : memoryLimit(this.#files, group);
    this.#proc = ProcSelf.of(registry, { files: this.#files, folder: `${procPath}/self` });
  }

  read(): void {
    const usage = nodeProcess.resourceUsage();
    this.#cpu.user.mirror(usage.userCPUTime / MICROSECONDS);
    this.#cpu.system.mirror(usage.systemCPUTime / MICROSECONDS);
    this.#cpu.all.mirror((usage.userCPUTime + usage.systemCPUTime) / MICROSECONDS);
    this.#switches.voluntary.mirror(usage.voluntaryContextSwitches);
    this.#switches.involuntary.mirror(usage.involuntaryContextSwitches);
    this.#faults.minor.mirror(usage.minorPageFault);
    this.#faults.major.mirror(usage.majorPageFault);
    const limit = this.#limit?.now() ?? Number.NaN;
    const machine = totalmem();
    this.#memoryLimit.set(limit < machine ? limit : machine);
    this.#proc?.read();
  }

  close(): void {
    this.#files.close();
  }
}

/** What only Linux tells, in /proc/self. */
class ProcSelf {
  readonly #folder: string;
  readonly #status: KernelFile;
  readonly #limits: KernelFile;
  readonly #virtual: Gauge;
  readonly #data: Gauge;
  readonly #vms: Gauge;
  readonly #threads: Gauge;
  readonly #open: Gauge;
  readonly #most: Gauge;

  /** Undefined where there is no /proc/self, or where it may not be read (a process that gave up its rights). */
  static of(registry: Registry, { files, folder }: { readonly files: KernelFiles; readonly folder: string }): ProcSelf | undefined {
    try {
      for (const name of ["status", "limits"]) files.read(`${folder}/${name}`);
      openDescriptors(`${folder}/fd`);
    } catch {
      return undefined;
    }
    return new ProcSelf(registry, { files, folder });
  }

  private constructor(registry: Registry, { files, folder }: { readonly files: KernelFiles; readonly folder: string }) {
    this.#folder = folder;
    this.#status = files.file(`${folder}/status`);
    this.#limits = files.file(`${folder}/limits`);
    this.#virtual = registry.gauge("process_virtual_memory_bytes", { help: "Virtual memory, in bytes." });
    this.#data = registry.gauge("process_heap_bytes", { help: "Data and heap segments, in bytes." });
    this.#vms = registry.gauge("memory_usage_bytes", { help: "Memory in use, in bytes.", labels: ["type"] }).labels({ type: "vms" });
    this.#threads = registry.gauge("process_threads", { help: "Threads of the process." });
    this.#open = registry.gauge("process_open_fds", { help: "File descriptors in use." });
    this.#most = registry.gauge("process_max_fds", { help: "Most file descriptors that the process may use.", merge: "max" });
  }

  read(): void {
    const status = this.#status.read();
    // In this order since Linux 2.6.
    if (status.after("\nVmSize:")) {
      const bytes = status.uint() * 1024;
      this.#virtual.set(bytes);
      this.#vms.set(bytes);
    }
    if (status.after("\nVmData:")) this.#data.set(status.uint() * 1024);
    if (status.after("\nThreads:")) this.#threads.set(status.uint());
    const limits = this.#limits.read();
    if (limits.after("Max open files")) {
      const soft = limits.uint();
      this.#most.set(soft === soft ? soft : Number.POSITIVE_INFINITY); // "unlimited"
    }
    this.#open.set(openDescriptors(`${this.#folder}/fd`));
  }
}

/** Since Linux 6.2 the folder's size is their number; before, it is 0 and its entries have to be counted, one of them the count's own. */
function openDescriptors(folder: string): number {
  return statSync(folder).size || readdirSync(folder).length - 1;
}
