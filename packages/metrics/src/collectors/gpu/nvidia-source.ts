import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { type Errand, Outpost } from "../outpost.ts";
import { type GpuIdentity, GpuLog, type GpuSource, type GpuState } from "./gpu-state.ts";
import { nvidiaPciGpus, type PciGpu } from "./pci-gpus.ts";
import { type ChildEnd, SupervisedChild } from "./supervised-child.ts";

export interface NvidiaOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly idleMs: number;
  readonly sysPath: string;
  readonly procPath: string;
  /** Where /dev is seen. Default "/dev". */
  readonly devPath?: string;
  /** Beyond the interval, until what says nothing is taken to hang. Default 15 s: a driver that is not kept loaded takes seconds. */
  readonly graceMs?: number;
}

/** Where there is no driver, one is looked for again after so long. */
export const ABSENT_MS = 300_000;
const GRACE_MS = 15_000;
const SETTLED_MS = 5000;
/** How long a scrape waits for GPUs that are asked once a scrape. */
const ROUND_MS = 1000;
/** How long an idle GPU that may sleep is left alone: it falls asleep some 6 s after NVML was closed (facts/host.md, 4.3). */
const REST_MS = 15_000;
/** How often it is looked up whether the driver lets GPUs sleep, until that is known. */
const LOOK_UP_MS = 60_000;

/**
 * NVIDIA's GPUs, asked by a child: what nvidia-smi and NVML have in common.
 *
 * The child works in a loop. GPUs that kernel and driver let sleep are asked once for each scrape instead, and not at all while one sleeps: NVML
 * begins by opening them all.
 */
export abstract class NvidiaSource implements GpuSource {
  abstract readonly name: string;
  protected readonly log: GpuLog;
  protected readonly child: SupervisedChild;
  /** Whether the child that runs, or ran last, ends after a round. */
  protected runsOnce = false;
  /** Its loop has hung or keeps its lines to itself. */
  protected loopIsMute = false;
  readonly #options: NvidiaOptions;
  readonly #outpost: Outpost;
  /** What the driver says about sleep (its README, chapter "PCI-Express Runtime D3"); whoever reads it may wait for a lock. */
  readonly #sleepRules: Errand;
  #maySleep = false;
  readonly #graceMs: number;
  failure = "";
  absence = "";
  tried = false;

  constructor(options: NvidiaOptions) {
    const { clock, everyMs, idleMs, graceMs = GRACE_MS } = options;
    this.#options = options;
    this.#graceMs = graceMs;
    this.#outpost = new Outpost({ clock });
    this.#sleepRules = this.#outpost.errand("sh", ["-c", 'cat "$1"/driver/nvidia/gpus/*/power', "sh", options.procPath]);
    this.log = new GpuLog({ clock, tooOldMs: 2 * everyMs + graceMs });
    const supervision = { clock, idleMs, silentMs: everyMs + graceMs };
    this.child = new SupervisedChild({
      ...supervision,
      start: () => {
        this.runsOnce = this.once;
        return this.start();
      },
      ended: (how) => {
        const delayMs = this.ended(how);
        if (delayMs !== 0) this.tried = true; // otherwise it was but asked for the wrong thing
        return delayMs;
      },
    });
  }

  protected abstract start(): ChildProcess;

  /** As `SupervisedChildOptions.ended`. */
  protected abstract ended(how: ChildEnd): number | undefined;

  get failures(): number {
    return this.child.failures;
  }

  /** Whether the next child is to end after a round. */
  protected get once(): boolean {
    return this.#maySleep || this.loopIsMute;
  }

  read(): readonly GpuState[] {
    const gpus = nvidiaPciGpus(this.#options);
    if (gpus.some(({ suspended }) => suspended)) {
      this.child.stop();
      this.tried = true;
      return gpus.map((gpu, index) => this.#asleep(gpu, index));
    }
    this.#maySleep = gpus.some(({ maySleep }) => maySleep) && !this.#neverSleeps();
    // Its control file was changed: a laptop that was unplugged.
    if (this.#maySleep && !this.runsOnce) this.child.stop();
    this.child.want();
    // Asked once a scrape, an answer is old by nature before the next: only one that did not come is bad news.
    return this.log.states(this.runsOnce && this.failure === "" ? this.child.startedAt : this.child.wantedSince);
  }

  /** Asks the GPUs that no loop asks. One that hangs is not waited for twice. */
  async fresh(): Promise<void> {
    if (!this.tried) return;
    this.read();
    if (this.runsOnce && this.failure === "") await this.child.end(ROUND_MS);
  }

  async settled(): Promise<void> {
    this.read();
    for (let waited = 0; !this.tried && waited < SETTLED_MS; waited += 10) await setTimeout(10);
  }

  close(): void {
    this.child.close();
    this.#outpost.close();
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
    const pauseMs = this.#maySleep && this.log.idle ? Math.max(everyMs, REST_MS) : everyMs;
    return Math.max(1, pauseMs * 0.9 - (clock.now() - this.child.startedAt));
  }

  /**
   * A machine without a GPU is no failure; one whose driver is loaded, or was, is. In a container that was given no GPU, the machine's are seen all
   * the same: there the driver's device is missing.
   */
  protected absent(why: string): number {
    const { devPath = "/dev" } = this.#options;
    const ours = this.log.reports.length > 0 || (nvidiaPciGpus(this.#options).length > 0 && existsSync(`${devPath}/nvidiactl`));
    this.failure = ours ? why : "";
    this.absence = why;
    return ABSENT_MS;
  }

  /** Distributions let the kernel put any NVIDIA GPU to sleep, but the driver allows it on some laptops only. */
  #neverSleeps(): boolean {
    const rules = this.#sleepRules;
    const states: readonly string[] = rules.answer?.match(/(?<=Runtime D3 status:\s*)\S.*/g) ?? [];
    if (states.length === 0 || states.includes("?")) rules.refresh(LOOK_UP_MS);
    return states.length > 0 && states.every((state) => /^(disabled|not supported)/i.test(state));
  }

  /** A GPU while one of them sleeps, perhaps another. */
  #asleep({ pci, suspended }: PciGpu, index: number): GpuState {
    const before = this.log.find({ pci });
    const unknown: GpuIdentity = { vendor: "nvidia", name: "", uuid: "", driver: "", pci };
    return { gpu: before?.gpu ?? String(index), identity: before?.identity ?? unknown, condition: suspended ? "suspended" : "up", readings: [] };
  }
}
