import { InferometerError } from "@inferometer/metrics";
import { errorOf } from "./failure.ts";
import { monotonicSeconds } from "./monotonic.ts";
import { checkedSettings, type DetectOptions, type Settings } from "./options.ts";
import { outputFor } from "./output-path.ts";
import { type FrameResult, ResultStream, resultOf } from "./results.ts";
import { SourceAccount } from "./source-account.ts";
import { SourceRun } from "./source-run.ts";
import type { DetectSummary } from "./summary.ts";
import { FrameCounts, Totals } from "./totals.ts";
import { PIPELINE_STAGES } from "./words.ts";

/** How often what the threads have counted is taken over, when no results come. */
const TICK_MS = 200;

/**
 * A running detection. Iterate over it for the results, one a frame; a loop that is slow makes the detectors wait, and leaving it lets detection go
 * on. Results that nobody iterates over are not kept.
 */
export interface Detecting extends AsyncDisposable, AsyncIterable<FrameResult> {
  /**
   * Resolves when all sources have ended. Rejects, after the others have ended too, when a source or the detector failed for good; `summary()` then
   * still tells what was done. It need not be listened to: a failure is also in the summary, the metrics and at the end of an iteration.
   */
  readonly done: Promise<DetectSummary>;
  /**
   * Looks at no further frames until `resume()`; those that wait already are still looked at. A file or folder waits, and nothing of it is lost. What
   * is live goes on: its frames are dropped, "paused", and its connection is kept. Called twice, or after the end, it does nothing.
   */
  pause(): void;
  /** Goes on after `pause()`. */
  resume(): void;
  /** Whether `pause()` holds. */
  readonly paused: boolean;
  /** Ends all threads and child processes in a second or two. Frames in a detector are finished, those that wait are dropped, "shutdown". */
  stop(): Promise<DetectSummary>;
  /** What was done so far. */
  summary(): DetectSummary;
}

/**
 * Looks for things in videos, cameras, pictures and streams. Each source has a thread that reads it and one that detects and tracks, with a ring of
 * frames in shared memory between them; this thread never touches a pixel.
 *
 * Throws OPTION_INVALID, DURATION_INVALID and SOURCE_INVALID for options that make no sense. What goes wrong later is in `done`:
 * SOURCE_NOT_FOUND, SOURCE_INVALID, SOURCE_LOST, PROGRAM_MISSING, PACKAGE_MISSING, MODEL_INVALID, DETECTOR_FAILED, OUTPUT_FAILED.
 *
 * @example
 * await using run = detect({ sources: ["video.mp4"], detector: "people", metrics: visionMetrics({ model: "people" }) });
 * for await (const { timestampSeconds, tracks } of run) console.log(timestampSeconds, tracks);
 * console.log(run.summary().framesPerSecond);
 */
export function detect(options: DetectOptions): Detecting {
  const run = new Run(checkedSettings(options));
  const { signal } = options;
  if (signal !== undefined) {
    const stop = (): void => void run.stop();
    signal.addEventListener("abort", stop, { once: true });
    const forget = (): void => signal.removeEventListener("abort", stop);
    run.done.then(forget, forget);
    if (signal.aborted) stop();
  }
  return run;
}

class Run implements Detecting {
  readonly done: Promise<DetectSummary>;
  readonly #totals: Totals;
  readonly #accounts: readonly SourceAccount[];
  readonly #runs: readonly SourceRun[];
  readonly #startedSeconds = monotonicSeconds();
  #endedSeconds: number | undefined;
  #paused = false;
  #failure: InferometerError | undefined;
  #stream: ResultStream | undefined;

  constructor(settings: Settings) {
    const { metrics, sources, output } = settings;
    const stages = PIPELINE_STAGES.filter(
      (stage) => (stage !== "track" || settings.tracker !== undefined) && (stage !== "output" || output !== undefined),
    );
    this.#totals = new Totals(stages);
    const queues = new Map<SourceAccount, number>();
    this.#accounts = sources.map(({ kind }, at) => new SourceAccount(`${kind} ${at + 1}`, { totals: this.#totals, metrics, queues }));
    this.#runs = sources.map((spec, at) => {
      const account = this.#accounts[at]!;
      return new SourceRun({
        spec,
        settings,
        account,
        output: output === undefined ? undefined : outputFor(output, { source: at, of: sources.length }),
        onReport: (report, taken) => {
          if (this.#stream === undefined) taken();
          else this.#stream.push(resultOf(account.name, report), taken);
        },
      });
    });
    const timer = setInterval(() => {
      for (const run of this.#runs) run.tick();
    }, TICK_MS);
    this.done = this.#finish(timer);
    this.done.catch(() => {}); // see its description
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = this.#endedSeconds === undefined;
    if (this.#paused) for (const run of this.#runs) run.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const run of this.#runs) run.resume();
  }

  async stop(): Promise<DetectSummary> {
    for (const run of this.#runs) run.stop();
    await Promise.all(this.#runs.map(({ ended }) => ended));
    await this.done.catch(() => {});
    return this.summary();
  }

  summary(): DetectSummary {
    const frames = this.#accounts.reduce((sum, account) => sum.add(account.frames), new FrameCounts()).summary();
    const expected = this.#runs.map(({ expectedFrames }) => expectedFrames);
    const first = Math.min(...this.#runs.map(({ firstFrameSeconds = Number.POSITIVE_INFINITY }) => firstFrameSeconds));
    const last = Math.max(...this.#runs.map(({ lastResultSeconds = Number.NEGATIVE_INFINITY }) => lastResultSeconds));
    return {
      frames,
      seconds: (this.#endedSeconds ?? monotonicSeconds()) - this.#startedSeconds,
      framesPerSecond: last > first ? (frames.processed + frames.failed) / (last - first) : 0,
      ...(expected.includes(undefined) ? {} : { expectedFrames: (expected as number[]).reduce((sum, count) => sum + count, 0) }),
      latency: this.#totals.latencies.summary(),
      detections: this.#totals.detections,
      tracks: this.#totals.tracks.summary(),
      errors: this.#totals.errors,
      sources: this.#accounts.map((account) => account.summary()),
    };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<FrameResult> {
    if (this.#stream !== undefined) {
      throw new InferometerError("OPTION_INVALID", "The results are being iterated over already. Have one loop, and hand on what it gets.");
    }
    const stream = new ResultStream(() => {
      this.#stream = undefined;
    });
    if (this.#endedSeconds !== undefined) stream.end(this.#failure === undefined ? {} : { error: this.#failure });
    else this.#stream = stream;
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #finish(timer: NodeJS.Timeout): Promise<DetectSummary> {
    await Promise.all(this.#runs.map(({ ended }) => ended));
    clearInterval(timer);
    this.#endedSeconds = monotonicSeconds();
    this.#paused = false;
    const failure = this.#runs.find((run) => run.failure !== undefined)?.failure;
    if (failure !== undefined) this.#failure = errorOf(failure);
    this.#stream?.end(this.#failure === undefined ? {} : { error: this.#failure });
    this.#stream = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return this.summary();
  }
}
