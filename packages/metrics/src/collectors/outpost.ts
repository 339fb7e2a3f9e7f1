import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { endChild } from "./end-child.ts";

export interface OutpostOptions {
  readonly clock: Clock;
  /** How long a command may take before it is killed. Default 5000 ms. */
  readonly deadlineMs?: number;
  /** Most commands at a time, those that were killed and have not gone yet not counted. Default 4. */
  readonly parallel?: number;
}

/** How often `settled` looks. */
const SETTLED_MS = 10;
/** More than this a command does not say: 1 MiB. */
const MOST_OUTPUT = 1_048_576;

/**
 * Runs commands whose work may never come back: statfs on a network mount, a sensor whose driver hangs. Neither a worker thread nor Node's own
 * thread pool will do for that: with a thread stuck in the kernel this process could not even exit (facts/host.md, 6). A child can be left behind.
 *
 * Nobody waits for an answer: a scrape takes the last one and looks how old it is.
 */
export class Outpost {
  readonly clock: Clock;
  readonly #deadlineMs: number;
  readonly #parallel: number;
  readonly #queue: Errand[] = [];
  readonly #children: Set<ChildProcess> = new Set();
  #busy = 0;
  #closed = false;

  constructor(options: OutpostOptions) {
    this.clock = options.clock;
    this.#deadlineMs = options.deadlineMs ?? 5000;
    this.#parallel = options.parallel ?? 4;
  }

  /** A command that is run again and again, `command` found on PATH. */
  errand(command: string, args: readonly (string | Buffer)[]): Errand {
    return new Errand(this, command, args);
  }

  /** Waits until nothing is under way: every command has answered, failed, or passed its deadline. Keeps the process alive meanwhile. */
  async settled(): Promise<void> {
    while (this.#busy > 0 || this.#queue.length > 0) await setTimeout(SETTLED_MS);
  }

  /** Kills what runs. Nothing is started afterwards. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    for (const child of this.#children) endChild(child);
  }

  /** @internal */
  enqueue(errand: Errand): void {
    if (this.#closed) return;
    this.#queue.push(errand);
    this.#next();
  }

  #next(): void {
    while (this.#busy < this.#parallel) {
      const errand = this.#queue.shift();
      if (errand === undefined) return;
      this.#run(errand);
    }
  }

  #run(errand: Errand): void {
    this.#busy++;
    let busy = true;
    /** The first outcome counts; a child that is stuck in the kernel gives its place to the others. */
    const settle = (answer: string | undefined, failure: string): void => {
      if (!busy) return;
      busy = false;
      this.#busy--;
      clearTimeout(timer);
      child?.stdout?.destroy();
      errand.settle(answer, failure);
      this.#next();
    };
    let output = "";
    let child: ChildProcess | undefined;
    const timer = globalThis
      .setTimeout(() => {
        settle(undefined, "timeout");
        endChild(child);
      }, this.#deadlineMs)
      .unref();
    try {
      child = start(errand);
    } catch (error) {
      errand.gone();
      settle(undefined, reasonOf(error, errand.command));
      return;
    }
    const started = child;
    this.#children.add(started);
    killAtExit(started);
    const gone = (): void => {
      this.#children.delete(started);
      running.delete(started);
      errand.gone();
    };
    started.stdout?.setEncoding("latin1").on("data", (text: string) => {
      output += text;
      if (output.length > MOST_OUTPUT) endChild(started);
    });
    started.on("error", (error) => {
      gone();
      settle(undefined, reasonOf(error, errand.command));
    });
    started.on("exit", gone);
    started.on("close", (code) => settle(code === 0 ? output : undefined, `${errand.command} failed`));
  }
}

/** One command of an Outpost, and what it said last. */
export class Errand {
  readonly command: string;
  readonly args: readonly (string | Buffer)[];
  readonly #outpost: Outpost;
  /** From the request until the process has gone: one that is stuck in the kernel may never. */
  #alive = false;
  #startedAt = Number.NEGATIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** What the command printed when it last succeeded, its bytes as Latin-1. */
  answer: string | undefined;
  /** How many answers came. */
  answers = 0;
  /** Why the last try brought nothing: "timeout", "no stat command" …; "" if it succeeded or none is over yet. */
  failure = "";

  /** @internal Made by an Outpost. */
  constructor(outpost: Outpost, command: string, args: readonly (string | Buffer)[]) {
    this.#outpost = outpost;
    this.command = command;
    this.args = args;
  }

  /** Starts the command if its last start was `everyMs` ago and none is under way. Comes back at once. */
  refresh(everyMs: number): void {
    const now = this.#outpost.clock.now();
    // One child at most: where the last one is stuck, the next would be too.
    if (this.#alive || now - this.#startedAt < everyMs) return;
    this.#startedAt = now;
    this.#alive = true;
    this.#outpost.enqueue(this);
  }

  /** Milliseconds since the last answer; infinite if there was none. */
  get ageMs(): number {
    return this.#outpost.clock.now() - this.#answeredAt;
  }

  /** Whether a try is over, with an answer or without. */
  get tried(): boolean {
    return this.answers > 0 || this.failure !== "";
  }

  /** @internal */
  settle(answer: string | undefined, failure: string): void {
    if (answer === undefined) {
      this.failure = failure;
      return;
    }
    this.answer = answer;
    this.answers++;
    this.failure = "";
    this.#answeredAt = this.#outpost.clock.now();
  }

  /** @internal The process is no more. */
  gone(): void {
    this.#alive = false;
  }
}

function start({ command, args }: Errand): ChildProcess {
  // A path that is not UTF-8 cannot be an argument of spawn; a shell's printf makes it from its octal digits.
  const plain = args.every((arg) => typeof arg === "string");
  const [program, words] = plain ? [command, args as readonly string[]] : ["sh", ["-c", `exec ${[command, ...args].map(quoted).join(" ")}`]];
  const child = spawn(program, words, {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    windowsHide: true,
  });
  // Neither the child nor its pipe keeps this process alive.
  child.unref();
  (child.stdout as (Readable & { unref?: () => void }) | null)?.unref?.();
  return child;
}

function quoted(arg: string | Buffer): string {
  if (typeof arg === "string") return `'${arg.replaceAll("'", "'\\''")}'`;
  const octal = [...arg].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `"$(printf '${octal}')"`;
}

function reasonOf(error: unknown, command: string): string {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? `no ${command} command` : `${command} failed`;
}

const running: Set<ChildProcess> = new Set();
let watching = false;

/** A child that is merely slow must not outlive us. */
function killAtExit(child: ChildProcess): void {
  running.add(child);
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const left of running) endChild(left);
  });
}
