import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { GpuReading, GpuReport } from "./gpu/gpu-state.ts";
import { ABSENT_MS, type NvidiaOptions, NvidiaSource } from "./gpu/nvidia-source.ts";
import type { NvmlRound } from "./gpu/nvml-reader.ts";
import type { ProcessGroupsPlan } from "./gpu/process-groups.ts";
import type { ChildEnd } from "./gpu/supervised-child.ts";

export interface NvmlOptions extends NvidiaOptions {
  /** Where the driver's library may be: the first that can be loaded. */
  readonly libraries: readonly string[];
  readonly groups?: ProcessGroupsPlan;
  /** Whether to measure the traffic on PCIe. Default false. */
  readonly pcieThroughput?: boolean;
}

/** Where the library is: by its name wherever the system looks; WSL 2, Google's container-optimized system, NixOS. */
export const NVML_PLACES: readonly string[] =
  process.platform === "win32"
    ? ["nvml.dll", "C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvml.dll"]
    : ["", "/usr/lib/wsl/lib/", "/usr/local/nvidia/lib64/", "/run/opengl-driver/lib/"].map((folder) => `${folder}libnvidia-ml.so.1`);

/** What the helper is told when it starts. */
export interface NvmlPlan {
  readonly libraries: readonly string[];
  readonly pcieThroughput: boolean;
  readonly everyMs: number;
  readonly procPath: string;
  readonly groups?: ProcessGroupsPlan;
  /** Whether to end after one round. */
  readonly once: boolean;
}

/** What the helper says. "absent": no library, or no driver. `final`: trying again soon is of no use. */
export type NvmlWord =
  | ({ readonly kind: "round" } & NvmlRound)
  | { readonly kind: "absent"; readonly why: string }
  | { readonly kind: "failed"; readonly message: string; readonly final: boolean };

/**
 * NVIDIA's GPUs through NVML, in a forked process: a driver that hangs would keep this one from ever exiting, one that crashes would end it.
 *
 * This file lies beside the room's index, and the helper below it, so that the path between them is the same in the bundle.
 */
export class NvmlChild extends NvidiaSource {
  readonly name = "nvml";
  readonly #options: NvmlOptions;
  readonly #xids: Map<string, Map<number, number>> = new Map();
  #last: NvmlWord | undefined;

  constructor(options: NvmlOptions) {
    super(options);
    this.#options = options;
  }

  protected start(): ChildProcess {
    const { libraries, everyMs, procPath, groups, pcieThroughput = false } = this.#options;
    this.#last = undefined;
    const plan: NvmlPlan = { libraries, everyMs, procPath, pcieThroughput, once: this.runsOnce, ...(groups === undefined ? {} : { groups }) };
    const helper = fileURLToPath(new URL("./gpu/nvml-child.js", import.meta.url));
    // Flags that were meant for this process (a debugger's port, a preloaded agent) are not for that one.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = fork(helper, [JSON.stringify(plan)], { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [], env });
    child.on("message", (word) => this.#hear(word as NvmlWord));
    return child;
  }

  protected ended({ code, signal, error, silent }: ChildEnd): number | undefined {
    if (this.#last?.kind === "absent") return this.absent(this.#last.why);
    if (this.#last?.kind === "failed") {
      this.failure = this.#last.message;
      return this.#last.final ? ABSENT_MS : undefined;
    }
    if (this.runsOnce && code === 0) return this.nextRoundMs();
    this.failure = silent ? `NVML did not answer for ${this.patience}` : `the NVML helper ended with ${error ?? signal ?? code}`;
    return undefined;
  }

  #hear(word: NvmlWord): void {
    this.#last = word;
    if (word.kind !== "round") return;
    this.well();
    if (word.denied > 0) this.failure = `NVML: permission denied for ${word.denied} GPU(s)`;
    for (const [gpu, xid] of word.xids) this.#count(gpu, xid);
    for (const report of word.gpus) this.log.note(this.#withIdentity({ ...report, readings: [...report.readings, ...this.#xidsOf(report.gpu)] }));
  }

  /** A lost GPU that was found anew has no name; it keeps what it had. */
  #withIdentity(report: GpuReport): GpuReport {
    const before = this.log.find({ gpu: report.gpu });
    return report.lost && report.identity.uuid === "" && before !== undefined ? { ...report, identity: before.identity } : report;
  }

  /** Counted here: the helper may be another one by now. */
  #count(gpu: string, xid: number): void {
    const counts = this.#xids.get(gpu) ?? new Map<number, number>();
    counts.set(xid, (counts.get(xid) ?? 0) + 1);
    this.#xids.set(gpu, counts);
  }

  #xidsOf(gpu: string): GpuReading[] {
    return [...(this.#xids.get(gpu) ?? [])].map(([xid, count]) => ["xidErrors", count, String(xid)]);
  }
}
