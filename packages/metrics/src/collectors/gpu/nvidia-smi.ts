import { spawn } from "node:child_process";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { pciAddress } from "./gpu-state.ts";
import { SmiQuery } from "./nvidia-smi-query.ts";
import { type NvidiaOptions, NvidiaSource } from "./nvidia-source.ts";
import { nvidiaPciGpus } from "./pci-gpus.ts";
import type { ChildEnd } from "./supervised-child.ts";

export interface NvidiaSmiOptions extends NvidiaOptions {
  /** Where the program may be: the first that there is. */
  readonly commands: readonly string[];
}

/** Where nvidia-smi is when it is not on PATH: WSL 2, Google's container-optimized system, older drivers for Windows. */
export const SMI_PLACES: readonly string[] =
  process.platform === "win32"
    ? ["nvidia-smi", "C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvidia-smi.exe"]
    : ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi", "/usr/local/nvidia/bin/nvidia-smi"];

/** A lost GPU makes some nvidia-smi fail for all: the others are asked alone, and the lost one again after so long. */
const LOST_MS = 600_000;
/** Return codes of nvidia-smi. With the last it has answered, and warns that a board's own memory of itself is damaged. */
const [NO_PERMISSION, NO_DRIVER, NO_LIBRARY, INFOROM] = [4, 9, 12, 14];
/** It explains itself in two or three lines. */
const MOST_WORDS = 3;

/** What helps, by what nvidia-smi says. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/version mismatch/i, "the driver was updated, and its old kernel module still runs; restart the machine"],
  [/NVML: Unknown Error/i, "a container loses its GPUs when the machine's systemd is reloaded; restart it"],
  [/insufficient permissions/i, "permission denied; this user needs access to /dev/nvidia*"],
];

/**
 * NVIDIA's GPUs, by one nvidia-smi that runs for as long as somebody scrapes and prints a line for each GPU again and again. No native code here,
 * and a driver that hangs hangs that child.
 */
export class NvidiaSmi extends NvidiaSource {
  readonly name = "nvidia-smi";
  readonly #options: NvidiaSmiOptions;
  readonly #fields: SmiQuery = new SmiQuery();
  #lost: Set<string> = new Set();
  #lostAt = 0;
  #again = false;
  #newlyLost = false;
  #answered = false;
  /** What it said that was no answer, since the last answer. */
  #words: string[] = [];
  #place = 0;
  /** The names of its fields: asked for once, when it has refused one. */
  #known: Set<string> | undefined;
  #listing = false;

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
    this.#listing = this.#again && this.#known === undefined;
    this.#again = this.#newlyLost = this.#answered = false;
    this.#words = [];
    const child = spawn(this.#command, this.#listing ? ["--help-query-gpu"] : this.#query(), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
      windowsHide: true,
    });
    // It says some of its errors on one, some on the other.
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => this.#line(line));
    return child;
  }

  protected ended(end: ChildEnd): number | undefined {
    const { code, error } = end;
    if (this.#listing && !end.silent) {
      this.#known ??= new Set();
      this.#fields.restrict(this.#known);
      return 0;
    }
    if (this.#again) return 0;
    if (this.#newlyLost && this.#others().length > 0) return 0; // the others, alone
    if (this.#answered && (code === 0 || code === INFOROM) && this.runsOnce) return this.nextRoundMs();
    if (error === "ENOENT") {
      this.#place++;
      if (this.#place < this.#options.commands.length) return 0;
      this.#place = 0;
      return this.absent(`${basename(this.#command)} was not found`);
    }
    const words = this.#words.join("; ").slice(0, 300);
    if (code === NO_DRIVER || code === NO_LIBRARY || /No devices were found/i.test(words))
      return this.absent(`${basename(this.#command)}: ${words || "no driver"}`);
    if (end.silent) this.loopIsMute = true; // it may keep its lines to itself
    // What helps comes first: /health shows the beginning of long texts.
    const [, advice] = ADVICE.find(([pattern]) => pattern.test(words)) ?? [];
    const program = basename(this.#command);
    this.failure = advice === undefined ? `${program} ${howItEnded(end, this.patience)}${words && `: ${words}`}` : `${program}: ${advice} (${words})`;
    return undefined;
  }

  get #command(): string {
    return this.#options.commands[this.#place]!;
  }

  #query(): string[] {
    const args = [this.#fields.argument, "--format=csv,noheader,nounits"];
    if (!this.runsOnce) args.push(`--loop-ms=${this.#options.everyMs}`);
    const others = this.#others();
    if (others.length > 0) args.push(`--id=${others.join(",")}`);
    return args;
  }

  /** The GPUs besides the lost ones; none: ask all. */
  #others(): string[] {
    if (this.#lost.size === 0) return [];
    const all = [...nvidiaPciGpus(this.#options).map(({ pci }) => pci), ...this.log.reports.map(({ identity }) => identity.pci)];
    return [...new Set(all)].filter((pci) => pci !== "" && !this.#lost.has(pci));
  }

  #line(line: string): void {
    if (line === "") return;
    if (this.#listing) {
      // "clocks.current.graphics" or "clocks.gr"
      this.#known ??= new Set();
      if (line.startsWith('"')) for (const [, name] of line.matchAll(/"([\w.]+)"/g)) this.#known.add(name!);
      return;
    }
    const [, refused] = /^Field "(.+)" is not a valid field/.exec(line) ?? [];
    if (refused !== undefined) this.#again = this.#fields.refuse(refused);
    const report = this.#fields.parse(line);
    if (report !== undefined) {
      this.log.note(report);
      this.#answered = true;
      this.#words = [];
      this.well();
      return;
    }
    const lost = lostGpu(line);
    if (lost !== undefined) this.#noteLost(lost);
    this.#words = [...this.#words, line.slice(0, 200)].slice(-MOST_WORDS);
  }

  #noteLost(lost: LostGpu): void {
    const index = nvidiaPciGpus(this.#options).findIndex(({ pci }) => pci === lost.pci);
    this.log.noteLost(index === -1 ? lost : { gpu: String(index), ...lost });
    const pci = this.log.find(lost)?.identity.pci ?? "";
    this.#newlyLost ||= pci !== "" && !this.#lost.has(pci);
    if (pci !== "") this.#lost.add(pci);
    this.#lostAt = this.#options.clock.now();
  }
}

function howItEnded({ code, signal, error, silent }: ChildEnd, patience: string): string {
  if (error !== undefined) return `cannot be started: ${error}`;
  if (silent) return `did not answer for ${patience}`;
  return code === NO_PERMISSION ? "may not ask the driver" : `ended with ${signal ?? code}`;
}

interface LostGpu {
  readonly pci?: string;
  readonly gpu?: string;
  readonly why: string;
}

/** "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", or without a number, or without an address. */
function lostGpu(line: string): LostGpu | undefined {
  const [, rest] = /device handle for GPU\s*(.*)/i.exec(line) ?? [];
  if (rest === undefined) return undefined;
  const [pci] = /[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.\d/i.exec(rest) ?? [];
  const [, gpu] = /^(\d+): /.exec(rest) ?? [];
  const why = rest
    .slice(rest.lastIndexOf(": ") + 1)
    .replace(/\s+/g, " ")
    .trim();
  return { ...(pci === undefined ? {} : { pci: pciAddress(pci) }), ...(gpu === undefined ? {} : { gpu }), why };
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
