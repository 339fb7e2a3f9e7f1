import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { GpuLog, type GpuSource, type GpuState, pciAddress } from "./gpu-state.ts";
import { asleep } from "./nvidia-sleep.ts";
import { SmiQuery } from "./nvidia-smi-query.ts";
import { nvidiaPciGpus } from "./pci-gpus.ts";
import { type ChildEnd, SupervisedChild } from "./supervised-child.ts";

export interface NvidiaSmiOptions {
  readonly clock: Clock;
  /** The program. */
  readonly command: string;
  readonly everyMs: number;
  readonly idleMs: number;
  readonly sysPath: string;
  readonly procPath: string;
  /** Beyond the interval, until what says nothing is taken to hang. Default 15 s: nvidia-smi takes seconds where the driver is not kept loaded. */
  readonly graceMs?: number;
}

/** Where there is no nvidia-smi, or no driver, one is looked for again after so long. */
const ABSENT_MS = 300_000;
/** A lost GPU makes some nvidia-smi fail for all: the others are asked alone, and the lost one again after so long. */
const LOST_MS = 600_000;
const GRACE_MS = 15_000;
const SETTLED_MS = 5000;
/** How long a scrape waits for GPUs that are asked once a scrape. */
const ROUND_MS = 1000;

/** Return codes of nvidia-smi. */
const [NO_PERMISSION, NO_DRIVER, NO_LIBRARY] = [4, 9, 12];

/**
 * NVIDIA's GPUs, by one nvidia-smi that runs for as long as somebody scrapes and prints a line for each GPU again and again. No native code here,
 * and a driver that hangs hangs that child.
 *
 * GPUs that the kernel lets sleep are asked once for each scrape instead, and not at all while one sleeps.
 */
export class NvidiaSmi implements GpuSource {
  readonly name = "nvidia-smi";
  readonly #options: NvidiaSmiOptions;
  readonly #query: SmiQuery = new SmiQuery();
  readonly #log: GpuLog;
  readonly #child: SupervisedChild;
  #lost: Set<string> = new Set();
  #lostAt = 0;
  /** "once": the program ends after a round. For GPUs that may sleep, and for an nvidia-smi whose loop says nothing. */
  #mode: "loop" | "once" = "loop";
  #again = false;
  #newlyLost = false;
  #answered = false;
  #lastWords = "";
  failure = "";
  tried = false;

  constructor(options: NvidiaSmiOptions) {
    const { clock, everyMs, idleMs, graceMs = GRACE_MS } = options;
    this.#options = options;
    const silentMs = everyMs + graceMs;
    this.#log = new GpuLog({ clock, tooOldMs: 2 * everyMs + graceMs });
    this.#child = new SupervisedChild({ clock, silentMs, idleMs, start: () => this.#start(), ended: (how) => this.#ended(how) });
  }

  get failures(): number {
    return this.#child.failures;
  }

  read(): readonly GpuState[] {
    const { clock, sysPath } = this.#options;
    const pci = nvidiaPciGpus(sysPath);
    const known = (address: string) => this.#log.find({ pci: address });
    if (pci.some(({ suspended }) => suspended)) {
      this.#child.stop();
      this.tried = true;
      return asleep(pci, known);
    }
    if (pci.some(({ maySleep }) => maySleep)) this.#mode = "once";
    if (this.#lost.size > 0 && clock.now() - this.#lostAt > LOST_MS) {
      this.#lost = new Set();
      this.#child.stop();
    }
    this.#child.want();
    // Asked once a scrape, an answer is old by nature before the next: only one that did not come is bad news.
    return this.#log.states(this.#mode === "once" && this.failure === "" ? this.#child.startedAt : this.#child.wantedSince);
  }

  /** Asks the GPUs that may sleep, which no loop does. One that hangs is not waited for twice. */
  async fresh(): Promise<void> {
    if (!this.tried) return;
    this.read();
    if (this.#mode === "once" && this.failure === "") await this.#child.end(ROUND_MS);
  }

  async settled(): Promise<void> {
    this.read();
    for (let waited = 0; !this.tried && waited < SETTLED_MS; waited += 10) await setTimeout(10);
    await setTimeout(50); // the other lines of a first round
  }

  close(): void {
    this.#child.close();
  }

  #start(): ReturnType<typeof spawn> {
    const { command, everyMs } = this.#options;
    this.#again = this.#newlyLost = this.#answered = false;
    this.#lastWords = "";
    const args = [this.#query.argument, "--format=csv,noheader,nounits"];
    if (this.#mode === "loop") args.push(`--loop-ms=${everyMs}`);
    const others = this.#others();
    if (others.length > 0) args.push(`--id=${others.join(",")}`);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" }, windowsHide: true });
    // It says some of its errors on one, some on the other.
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => this.#line(line));
    return child;
  }

  /** The GPUs besides the lost ones; none: ask all. */
  #others(): string[] {
    if (this.#lost.size === 0) return [];
    const all = [...nvidiaPciGpus(this.#options.sysPath).map(({ pci }) => pci), ...this.#log.reports.map(({ identity }) => identity.pci)];
    return [...new Set(all)].filter((pci) => pci !== "" && !this.#lost.has(pci));
  }

  #line(line: string): void {
    if (line === "") return;
    const [, refused] = /^Field "(.+)" is not a valid field/.exec(line) ?? [];
    if (refused !== undefined) {
      this.#again = this.#query.refuse(refused);
      this.#lastWords = line;
      return;
    }
    const report = this.#query.parse(line);
    if (report !== undefined) {
      this.#log.note(report);
      this.#well();
      return;
    }
    const lost = lostGpu(line);
    if (lost !== undefined) {
      const at = nvidiaPciGpus(this.#options.sysPath).findIndex(({ pci }) => pci === lost.pci);
      this.#log.noteLost(at === -1 ? lost : { gpu: String(at), ...lost });
      const pci = this.#log.find(lost)?.identity.pci ?? "";
      this.#newlyLost ||= pci !== "" && !this.#lost.has(pci);
      if (pci !== "") this.#lost.add(pci);
      this.#lostAt = this.#options.clock.now();
    }
    this.#lastWords = line.slice(0, 200);
  }

  #well(): void {
    this.#child.heard();
    this.#answered = this.tried = true;
    this.failure = "";
  }

  /** A little less than the interval, counted from the start of the last round: scrapes that come as often must not miss every second one. */
  #nextRoundMs(): number {
    const { clock, everyMs } = this.#options;
    return Math.max(0, everyMs * 0.9 - (clock.now() - this.#child.startedAt));
  }

  #ended({ code, error, silent, signal }: ChildEnd): number | undefined {
    const { everyMs, command, graceMs = GRACE_MS } = this.#options;
    if (this.#again) return 0;
    if (this.#newlyLost && this.#others().length > 0) return 0; // the others, alone
    this.tried = true;
    if (this.#answered && code === 0 && this.#mode === "once") return this.#nextRoundMs();
    const known = this.#log.reports.length > 0;
    if (error === "ENOENT" || code === NO_DRIVER || code === NO_LIBRARY || /No devices were found/i.test(this.#lastWords)) {
      const gone = error === "ENOENT" ? `${command} was not found` : `${command}: ${this.#lastWords || "no driver"}`;
      // A machine without a GPU is no failure; one whose driver is loaded, or was, is.
      this.failure = known || this.#driverLoaded() ? gone : "";
      return ABSENT_MS;
    }
    if (silent) this.#mode = "once"; // its loop may keep its lines to itself
    const words = this.#lastWords === "" ? "" : `: ${this.#lastWords}`;
    if (error !== undefined) this.failure = `${command} cannot be started: ${error}`;
    else if (code === NO_PERMISSION) this.failure = `${command}: permission denied${words}`;
    else if (silent) this.failure = `${command} did not answer for ${(everyMs + graceMs) / 1000} s${words}`;
    else this.failure = `${command} ended with ${signal ?? code}${words}`;
    return undefined;
  }

  #driverLoaded(): boolean {
    return nvidiaPciGpus(this.#options.sysPath).length > 0;
  }
}

/** "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", or without a number, or without an address. */
function lostGpu(line: string): { pci?: string; gpu?: string } | undefined {
  const [, rest] = /device handle for GPU\s*(.*)/i.exec(line) ?? [];
  if (rest === undefined) return undefined;
  const [pci] = /[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.\d/i.exec(rest) ?? [];
  const [, gpu] = /^(\d+): /.exec(rest) ?? [];
  return { ...(pci === undefined ? {} : { pci: pciAddress(pci) }), ...(gpu === undefined ? {} : { gpu }) };
}

function eachLine(stream: Readable, line: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    // Garbage without line ends must not fill the memory.
    rest = (lines.pop() ?? "").slice(-10_000);
    for (const each of lines) line(each.trim());
  });
  stream.on("end", () => line(rest.trim()));
}
