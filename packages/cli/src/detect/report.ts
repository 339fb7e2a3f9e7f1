import type { Detecting, DetectSummary, SourceState } from "@inferometer/vision";
import { isTerminal, knowsUnicode, type Style, styleFor } from "../terminal/style.ts";
import { gpuLines } from "./gpus.ts";
import type { DetectCall } from "./plan.ts";
import { Progress } from "./progress.ts";
import { summaryText } from "./summary-text.ts";

const REDRAW_MS = 200;
const LINE_MS = 10_000;

/** What is told on stderr: progress, what happens to the sources, and the summary. */
export class Report {
  readonly #call: DetectCall;
  readonly #style: Style;
  readonly #progress: Progress;
  readonly #periodMs: number | undefined;
  readonly #states: Map<number, SourceState> = new Map();
  #timers: NodeJS.Timeout[] = [];

  constructor(call: DetectCall) {
    const { options, surroundings } = call;
    const { stderr, stdout, env } = surroundings;
    // Lines of data on the same terminal would run into a line that is redrawn.
    const mode = isTerminal(stderr, env) && !(options.jsonl === "-" && stdout.isTTY === true) ? "redrawn" : "lines";
    this.#call = call;
    this.#style = styleFor(stderr, { env, color: options.color });
    this.#progress = new Progress(stderr, { mode, style: this.#style, unicode: knowsUnicode(env) });
    this.#periodMs = options.quiet || !options.progress ? undefined : mode === "redrawn" ? REDRAW_MS : LINE_MS;
  }

  /** Tells a line, unless --quiet. */
  say(text: string): void {
    if (!this.#call.options.quiet) this.#progress.say(`inferometer: ${text}`);
  }

  /** Shows how far the run is, until `end`. */
  watch(run: Detecting): void {
    this.#timers = [setInterval(() => this.#tellStates(run.summary()), REDRAW_MS)];
    if (this.#periodMs !== undefined) this.#timers.push(setInterval(() => this.#progress.update(run.summary()), this.#periodMs));
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#progress.clear();
  }

  /** Writes the summary, unless --quiet. */
  async summary(summary: DetectSummary): Promise<void> {
    const { options, surroundings } = this.#call;
    if (options.quiet) return;
    const width = surroundings.stderr.columns ?? 80;
    const text = summaryText(summary, { style: this.#style, width, peakMemoryBytes: this.peakMemoryBytes(), gpus: await gpuLines() });
    surroundings.stderr.write(text);
  }

  /** The most memory that this process has used, its threads included, its child processes not. */
  peakMemoryBytes(): number {
    return process.resourceUsage().maxRSS * 1024;
  }

  /** A camera that is gone is told once, and that it is back. */
  #tellStates({ sources }: DetectSummary): void {
    sources.forEach(({ name, state, message }, at) => {
      const before = this.#states.get(at);
      if (before === state) return;
      this.#states.set(at, state);
      const why = message === undefined ? "" : `: ${message}`;
      if (state === "down" || state === "stalled") this.say(`${name} ${state === "down" ? "is down" : "gives no frames"}${why}`);
      else if (state === "running" && (before === "down" || before === "stalled")) this.say(`${name} is back`);
    });
  }
}
