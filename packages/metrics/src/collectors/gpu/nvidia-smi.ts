import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { pciAddress } from "./gpu-state.ts";
import { SmiQuery } from "./nvidia-smi-query.ts";
import { type NvidiaOptions, NvidiaSource } from "./nvidia-source.ts";
import { nvidiaPciGpus } from "./pci-gpus.ts";
import type { ChildEnd } from "./supervised-child.ts";

export interface NvidiaSmiOptions extends NvidiaOptions {
  /** The program. */
  readonly command: string;
}

/** A lost GPU makes some nvidia-smi fail for all: the others are asked alone, and the lost one again after so long. */
const LOST_MS = 600_000;
/** Return codes of nvidia-smi. */
const [NO_PERMISSION, NO_DRIVER, NO_LIBRARY] = [4, 9, 12];

/**
 * NVIDIA's GPUs, by one nvidia-smi that runs for as long as somebody scrapes and prints a line for each GPU again and again. No native code here,
 * and a driver that hangs hangs that child.
 */
export class NvidiaSmi extends NvidiaSource {
  readonly name = "nvidia-smi";
  readonly #options: NvidiaSmiOptions;
  readonly #query: SmiQuery = new SmiQuery();
  #lost: Set<string> = new Set();
  #lostAt = 0;
  #again = false;
  #newlyLost = false;
  #answered = false;
  #lastWords = "";

  constructor(options: NvidiaSmiOptions) {
    super(options);
    this.#options = options;
  }

  override read(): ReturnType<NvidiaSource["read"]> {
    if (this.#lost.size > 0 && this.#options.clock.now() - this.#lostAt > LOST_MS) {
      this.#lost = new Set();
      this.child.stop();
    }
    return super.read();
  }

  override async settled(): Promise<void> {
    await super.settled();
    await setTimeout(50); // the other lines of a first round
  }

  protected start(): ReturnType<typeof spawn> {
    const { command, everyMs } = this.#options;
    this.#again = this.#newlyLost = this.#answered = false;
    this.#lastWords = "";
    const args = [this.#query.argument, "--format=csv,noheader,nounits"];
    if (!this.once) args.push(`--loop-ms=${everyMs}`);
    const others = this.#others();
    if (others.length > 0) args.push(`--id=${others.join(",")}`);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" }, windowsHide: true });
    // It says some of its errors on one, some on the other.
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => this.#line(line));
    return child;
  }

  protected ended({ code, error, silent, signal }: ChildEnd): number | undefined {
    const { command } = this.#options;
    if (this.#again) return 0;
    if (this.#newlyLost && this.#others().length > 0) return 0; // the others, alone
    if (this.#answered && code === 0 && this.once) return this.nextRoundMs();
    if (error === "ENOENT") return this.absent(`${command} was not found`);
    if (code === NO_DRIVER || code === NO_LIBRARY || /No devices were found/i.test(this.#lastWords))
      return this.absent(`${command}: ${this.#lastWords || "no driver"}`);
    if (silent) this.once = true; // its loop may keep its lines to itself
    const words = this.#lastWords === "" ? "" : `: ${this.#lastWords}`;
    if (error !== undefined) this.failure = `${command} cannot be started: ${error}`;
    else if (code === NO_PERMISSION) this.failure = `${command}: permission denied${words}`;
    else if (silent) this.failure = `${command} did not answer for ${this.patience}${words}`;
    else this.failure = `${command} ended with ${signal ?? code}${words}`;
    return undefined;
  }

  /** The GPUs besides the lost ones; none: ask all. */
  #others(): string[] {
    if (this.#lost.size === 0) return [];
    const all = [...nvidiaPciGpus(this.#options.sysPath).map(({ pci }) => pci), ...this.log.reports.map(({ identity }) => identity.pci)];
    return [...new Set(all)].filter((pci) => pci !== "" && !this.#lost.has(pci));
  }

  #line(line: string): void {
    if (line === "") return;
    const [, refused] = /^Field "(.+)" is not a valid field/.exec(line) ?? [];
    if (refused !== undefined) this.#again = this.#query.refuse(refused);
    const report = this.#query.parse(line);
    if (report !== undefined) {
      this.log.note(report);
      this.#answered = true;
      this.well();
      return;
    }
    const lost = lostGpu(line);
    if (lost !== undefined) this.#noteLost(lost);
    this.#lastWords = line.slice(0, 200);
  }

  #noteLost(lost: LostGpu): void {
    const index = nvidiaPciGpus(this.#options.sysPath).findIndex(({ pci }) => pci === lost.pci);
    this.log.noteLost(index === -1 ? lost : { gpu: String(index), ...lost });
    const pci = this.log.find(lost)?.identity.pci ?? "";
    this.#newlyLost ||= pci !== "" && !this.#lost.has(pci);
    if (pci !== "") this.#lost.add(pci);
    this.#lostAt = this.#options.clock.now();
  }
}

interface LostGpu {
  readonly pci?: string;
  readonly gpu?: string;
}

/** "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", or without a number, or without an address. */
function lostGpu(line: string): LostGpu | undefined {
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
