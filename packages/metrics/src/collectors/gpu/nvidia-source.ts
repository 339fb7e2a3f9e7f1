import type { ChildProcess } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { type GpuIdentity, GpuLog, type GpuSource, type GpuState } from "./gpu-state.ts";
import { nvidiaPciGpus, type PciGpu } from "./pci-gpus.ts";
import { type ChildEnd, SupervisedChild } from "./supervised-child.ts";

export interface NvidiaOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly idleMs: number;
  readonly sysPath: string;
  /** Beyond the interval, until what says nothing is taken to hang. Default 15 s: a driver that is not kept loaded takes seconds. */
  readonly graceMs?: number;
}

/** Where there is no driver, one is looked for again after so long. */
export const ABSENT_MS = 300_000;
const GRACE_MS = 15_000;
const SETTLED_MS = 5000;
/** How long a scrape waits for GPUs that are asked once a scrape. */
const ROUND_MS = 1000;

/**
 * NVIDIA's GPUs, asked by a child: what nvidia-smi and NVML have in common.
 *
 * The child works in a loop. GPUs that the kernel lets sleep are asked once for each scrape instead, and not at all while one sleeps: NVML begins by
 * opening them all.
 */
export abstract class NvidiaSource implements GpuSource {
  abstract readonly name: string;
  protected readonly log: GpuLog;
  protected readonly child: SupervisedChild;
  /** Whether the child ends after a round. */
  protected once = false;
  readonly #options: NvidiaOptions;
  readonly #graceMs: number;
  failure = "";
  tried = false;

  constructor(options: NvidiaOptions) {
    const { clock, everyMs, idleMs, graceMs = GRACE_MS } = options;
    this.#options = options;
    this.#graceMs = graceMs;
    this.log = new GpuLog({ clock, tooOldMs: 2 * everyMs + graceMs });
    const supervision = { clock, idleMs, silentMs: everyMs + graceMs };
    this.child = new SupervisedChild({
      ...supervision,
      start: () => this.start(),
      ended: (how) => {
        this.tried = true;
        return this.ended(how);
      },
    });
  }

  protected abstract start(): ChildProcess;

  /** As `SupervisedChildOptions.ended`. */
  protected abstract ended(how: ChildEnd): number | undefined;

  get failures(): number {
    return this.child.failures;
  }

  read(): readonly GpuState[] {
    const gpus = nvidiaPciGpus(this.#options.sysPath);
    if (gpus.some(({ suspended }) => suspended)) {
      this.child.stop();
      this.tried = true;
      return gpus.map((gpu, index) => this.#asleep(gpu, index));
    }
    if (gpus.some(({ maySleep }) => maySleep)) this.once = true;
    this.child.want();
    // Asked once a scrape, an answer is old by nature before the next: only one that did not come is bad news.
    return this.log.states(this.once && this.failure === "" ? this.child.startedAt : this.child.wantedSince);
  }

  /** Asks the GPUs that no loop asks. One that hangs is not waited for twice. */
  async fresh(): Promise<void> {
    if (!this.tried) return;
    this.read();
    if (this.once && this.failure === "") await this.child.end(ROUND_MS);
  }

  async settled(): Promise<void> {
    this.read();
    for (let waited = 0; !this.tried && waited < SETTLED_MS; waited += 10) await setTimeout(10);
  }

  close(): void {
    this.child.close();
  }

  /** The child has brought values. */
  protected well(): void {
    this.child.heard();
    this.tried = true;
    this.failure = "";
  }

  /** For how long a child may say nothing, in words. */
  protected get patience(): string {
    return `${(this.#options.everyMs + this.#graceMs) / 1000} s`;
  }

  /**
   * When the next round may begin: a little less than the interval after the last one, so that scrapes that come as often miss none. Never 0: that
   * is "at once".
   */
  protected nextRoundMs(): number {
    const { clock, everyMs } = this.#options;
    return Math.max(1, everyMs * 0.9 - (clock.now() - this.child.startedAt));
  }

  /** A machine without a GPU is no failure; one whose driver is loaded, or was, is. */
  protected absent(why: string): number {
    this.failure = this.log.reports.length > 0 || nvidiaPciGpus(this.#options.sysPath).length > 0 ? why : "";
    return ABSENT_MS;
  }

  /** A GPU while one of them sleeps, perhaps another. */
  #asleep({ pci, suspended }: PciGpu, index: number): GpuState {
    const before = this.log.find({ pci });
    const unknown: GpuIdentity = { vendor: "nvidia", name: "", uuid: "", driver: "", pci };
    return { gpu: before?.gpu ?? String(index), identity: before?.identity ?? unknown, condition: suspended ? "suspended" : "up", readings: [] };
  }
}
