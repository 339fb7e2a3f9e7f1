import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { endChild } from "../end-child.ts";

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started: "ENOENT" … */
  readonly error?: string | undefined;
  /** We killed it, since it had said nothing for `silentMs`. */
  readonly silent: boolean;
}

export interface SupervisedChildOptions {
  readonly clock: Clock;
  /** Makes the process. It may throw. */
  start(): ChildProcess;
  /**
   * Called when it has ended, unless we stopped it. Returns milliseconds to the next start (0: at once, without a `want`), or undefined: the longer,
   * the more often it failed.
   */
  ended(how: ChildEnd): number | undefined;
  /** A child that says nothing for so long hangs, and is killed. */
  readonly silentMs: number;
  /** When nobody has asked for so long, the child is stopped. */
  readonly idleMs: number;
}

const FIRST_BACK_OFF_MS = 1000;
const LAST_BACK_OFF_MS = 300_000;
/** How long the last words of a child may take after it has ended: a grandchild may hold its pipes. */
const LAST_WORDS_MS = 500;

/**
 * A child that works for as long as somebody asks: started by the first `want`, watched, started again with back-off, stopped when idle. There is
 * at most one; one that cannot be killed (stuck in the kernel) is left behind, and no other is started beside it. Keeps no process alive.
 */
export class SupervisedChild {
  readonly #options: SupervisedChildOptions;
  #child: ChildProcess | undefined;
  #watch: NodeJS.Timeout | undefined;
  #wantedAt = Number.NEGATIVE_INFINITY;
  #heardAt = 0;
  #nextStart = Number.NEGATIVE_INFINITY;
  #backOffMs = FIRST_BACK_OFF_MS;
  #silent = false;
  #closed = false;
  /** Since when it has been wanted without a pause, by the clock. */
  wantedSince: number = Number.NEGATIVE_INFINITY;
  /** When the child that runs, or ran last, was started, by the clock. */
  startedAt: number = Number.NEGATIVE_INFINITY;
  /** How often it ended by itself or was killed for its silence. */
  failures = 0;

  constructor(options: SupervisedChildOptions) {
    this.#options = options;
  }

  /** Says that somebody wants to hear from it. Comes back at once. */
  want(): void {
    const now = this.#options.clock.now();
    if (now - this.#wantedAt > this.#options.idleMs) this.wantedSince = now;
    this.#wantedAt = now;
    if (this.#child === undefined && !this.#closed && now >= this.#nextStart) this.#start();
  }

  /** Says that it has spoken, and well. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#backOffMs = FIRST_BACK_OFF_MS;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Waits until it has ended, `ms` at most. */
  async end(ms: number): Promise<void> {
    for (let waited = 0; this.running && waited < ms; waited += 5) await sleep(5);
  }

  /** Ends it without blame; the next `want` starts another. */
  stop(): void {
    clearInterval(this.#watch);
    this.#wantedAt = Number.NEGATIVE_INFINITY;
    const child = this.#child;
    if (child === undefined) return;
    stopped.add(child);
    endChild(child);
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true;
    this.stop();
  }

  #start(): void {
    const { clock, silentMs, idleMs } = this.#options;
    this.startedAt = this.#heardAt = clock.now();
    this.#silent = false;
    let child: ChildProcess;
    try {
      child = this.#options.start();
    } catch (error) {
      this.#ended({ code: null, signal: null, error: (error as NodeJS.ErrnoException).code ?? String(error), silent: false });
      return;
    }
    this.#child = child;
    detach(child);
    let over = false;
    const ended = (how: Omit<ChildEnd, "silent">): void => {
      if (over) return;
      over = true;
      running.delete(child);
      child.stdout?.destroy();
      child.stderr?.destroy();
      clearInterval(this.#watch);
      this.#child = undefined;
      if (stopped.has(child)) this.#nextStart = Number.NEGATIVE_INFINITY;
      else this.#ended({ ...how, silent: this.#silent });
    };
    child.on("error", (error) => {
      // Also when a message cannot be sent or a kill fails: only one that never ran has ended by that.
      if (child.pid === undefined) ended({ code: null, signal: null, error: (error as NodeJS.ErrnoException).code ?? error.message });
    });
    child.on("exit", (code, signal) => void setTimeout(() => ended({ code, signal }), LAST_WORDS_MS).unref());
    child.on("close", (code, signal) => ended({ code, signal }));
    this.#watch = setInterval(() => this.#look(), Math.max(20, Math.min(silentMs, idleMs) / 4)).unref();
  }

  #look(): void {
    const { clock, silentMs, idleMs } = this.#options;
    const now = clock.now();
    if (now - this.#wantedAt > idleMs) this.stop();
    else if (now - this.#heardAt > silentMs && !this.#silent) {
      this.#silent = true;
      endChild(this.#child);
    }
  }

  #ended(how: ChildEnd): void {
    const delay = this.#options.ended(how);
    if (delay === undefined) {
      this.failures++;
      this.#nextStart = this.#options.clock.now() + this.#backOffMs;
      this.#backOffMs = Math.min(this.#backOffMs * 2, LAST_BACK_OFF_MS);
    } else {
      this.#nextStart = this.#options.clock.now() + delay;
      if (delay === 0) this.want();
    }
  }
}

/** Children that we ended ourselves. */
const stopped: WeakSet<ChildProcess> = new WeakSet();
const running: Set<ChildProcess> = new Set();
let watching = false;

/** Neither a child nor its pipes keep this process alive, and none outlives it. */
function detach(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as { unref?: () => void } | null)?.unref?.();
  running.add(child);
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const left of running) endChild(left);
  });
}
