import { type ChildProcess, fork } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Clock } from "../core/clock.ts";
import { GpuLog, type GpuReading, type GpuReport, type GpuSource, type GpuState } from "./gpu/gpu-state.ts";
import { asleep } from "./gpu/nvidia-sleep.ts";
import type { NvmlRound } from "./gpu/nvml-reader.ts";
import { nvidiaPciGpus } from "./gpu/pci-gpus.ts";
import type { ProcessGroupsPlan } from "./gpu/process-groups.ts";
import { type ChildEnd, SupervisedChild } from "./gpu/supervised-child.ts";

export interface NvmlOptions {
  readonly clock: Clock;
  /** The driver's library. */
  readonly library: string;
  readonly everyMs: number;
  readonly idleMs: number;
  readonly sysPath: string;
  readonly procPath: string;
  /** Beyond the interval, until what says nothing is taken to hang. Default 15 s: a driver that is not kept loaded takes seconds. */
  readonly graceMs?: number;
  readonly groups?: ProcessGroupsPlan;
}

/** What the helper is told when it starts. */
export interface NvmlPlan {
  readonly library: string;
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

const ABSENT_MS = 300_000;
const GRACE_MS = 15_000;
const SETTLED_MS = 5000;
/** How long a scrape waits for GPUs that are asked once a scrape. */
const ROUND_MS = 1000;

/**
 * NVIDIA's GPUs through NVML, in a forked process: a driver that hangs would keep this one from ever exiting, one that crashes would end it.
 *
 * This file lies beside the room's index, and the helper below it, so that the path between them is the same in the bundle.
 */
export class NvmlChild implements GpuSource {
  readonly name = "nvml";
  readonly #options: NvmlOptions;
  readonly #log: GpuLog;
  readonly #child: SupervisedChild;
  readonly #xids: Map<string, Map<number, number>> = new Map();
  #once = false;
  #absent = false;
  #final = false;
  failure = "";
  tried = false;

  constructor(options: NvmlOptions) {
    const { clock, everyMs, idleMs, graceMs = GRACE_MS } = options;
    this.#options = options;
    this.#log = new GpuLog({ clock, tooOldMs: 2 * everyMs + graceMs });
    this.#child = new SupervisedChild({
      clock,
      silentMs: everyMs + graceMs,
      idleMs,
      start: () => this.#start(),
      ended: (how) => this.#ended(how),
    });
  }

  get failures(): number {
    return this.#child.failures;
  }

  read(): readonly GpuState[] {
    const pci = nvidiaPciGpus(this.#options.sysPath);
    if (pci.some(({ suspended }) => suspended)) {
      this.#child.stop();
      this.tried = true;
      return asleep(pci, (address) => this.#log.find({ pci: address }));
    }
    // Whoever holds NVML open keeps the GPU awake.
    this.#once = pci.some(({ maySleep }) => maySleep);
    this.#child.want();
    // Asked once a scrape, an answer is old by nature before the next: only one that did not come is bad news.
    return this.#log.states(this.#once && this.failure === "" ? this.#child.startedAt : this.#child.wantedSince);
  }

  /** Asks the GPUs that may sleep, which no loop does. One that hangs is not waited for twice. */
  async fresh(): Promise<void> {
    if (!this.tried) return;
    this.read();
    if (this.#once && this.failure === "") await this.#child.end(ROUND_MS);
  }

  async settled(): Promise<void> {
    this.read();
    for (let waited = 0; !this.tried && waited < SETTLED_MS; waited += 10) await setTimeout(10);
  }

  close(): void {
    this.#child.close();
  }

  #start(): ChildProcess {
    const { library, everyMs, procPath, groups } = this.#options;
    this.#absent = this.#final = false;
    const plan: NvmlPlan = { library, everyMs, procPath, once: this.#once, ...(groups === undefined ? {} : { groups }) };
    const helper = fileURLToPath(new URL("./gpu/nvml-child.js", import.meta.url));
    // Flags that were meant for this process (a debugger's port, a preloaded agent) are not for that one.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = fork(helper, [JSON.stringify(plan)], { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [], env });
    child.on("message", (word) => this.#hear(word as NvmlWord));
    return child;
  }

  #hear(word: NvmlWord): void {
    this.tried = true;
    if (word.kind === "round") {
      this.#child.heard();
      this.failure = word.denied === 0 ? "" : `NVML: permission denied for ${word.denied} GPU(s)`;
      for (const [gpu, xid] of word.xids) this.#count(gpu, xid);
      for (const report of word.gpus) this.#log.note(this.#withIdentity({ ...report, readings: [...report.readings, ...this.#xidsOf(report.gpu)] }));
    } else if (word.kind === "absent") {
      this.#absent = true;
      // A machine without a GPU is no failure; one whose driver is loaded, or was, is.
      const known = this.#log.reports.length > 0 || nvidiaPciGpus(this.#options.sysPath).length > 0;
      this.failure = known ? word.why : "";
    } else {
      this.#final = word.final;
      this.failure = word.message;
    }
  }

  /** A lost GPU that was found anew has no name; it keeps what it had. */
  #withIdentity(report: GpuReport): GpuReport {
    const before = this.#log.find({ gpu: report.gpu });
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

  /** A little less than the interval, counted from the start of the last round: scrapes that come as often must not miss every second one. */
  #nextRoundMs(): number {
    const { clock, everyMs } = this.#options;
    return Math.max(0, everyMs * 0.9 - (clock.now() - this.#child.startedAt));
  }

  #ended({ code, signal, error, silent }: ChildEnd): number | undefined {
    const { everyMs, graceMs = GRACE_MS } = this.#options;
    this.tried = true;
    if (this.#absent || this.#final) return ABSENT_MS;
    if (this.#once && code === 0) return this.#nextRoundMs();
    if (silent) this.failure = `NVML did not answer for ${(everyMs + graceMs) / 1000} s`;
    else if (this.failure === "" || signal !== null) this.failure = `the NVML helper ended with ${error ?? signal ?? code}`;
    return undefined;
  }
}
