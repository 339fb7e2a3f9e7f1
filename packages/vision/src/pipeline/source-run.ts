import { MessageChannel } from "node:worker_threads";
import type { SourceSpec } from "../sources/index.ts";
import { Board } from "./board.ts";
import { type LoopSettings, MAX_UNREAD } from "./detector-loop.ts";
import type { DetectorStart } from "./detector-thread.ts";
import { monotonicSeconds } from "./monotonic.ts";
import type { Settings } from "./options.ts";
import type { ReaderStart } from "./reader-thread.ts";
import type { SourceAccount } from "./source-account.ts";
import { Thread } from "./thread.ts";
import type { DetectorWord, Failure, FrameReport, ReaderWord } from "./words.ts";

/** How long the threads have, once they were told to stop. An encoder has to finish its file. */
const STOP_GRACE_MS = 1200;
const STOP_GRACE_WITH_OUTPUT_MS = 5000;

export interface SourceRunOptions {
  readonly spec: SourceSpec;
  readonly settings: Settings;
  readonly account: SourceAccount;
  readonly output: string | undefined;
  /** Takes a report; `taken` is to be called when it need not be kept any more. */
  readonly onReport: (report: FrameReport, taken: () => void) => void;
}

/** The two threads of a source, and the order in which they end. */
export class SourceRun {
  /** Resolves when both threads are gone and the books are balanced. Never rejects. */
  readonly ended: Promise<void>;
  expectedFrames: number | undefined;
  firstFrameSeconds: number | undefined;
  lastResultSeconds: number | undefined;
  readonly #account: SourceAccount;
  readonly #settings: Settings;
  readonly #onReport: SourceRunOptions["onReport"];
  readonly #board: Board = new Board();
  readonly #reader: Thread<ReaderWord>;
  readonly #detector: Thread<DetectorWord>;
  readonly #hasOutput: boolean;
  #lastNewsSeconds = monotonicSeconds();
  #named = false;
  #live = false;
  #opened = false;
  #stopped = false;
  #failure: Failure | undefined;

  constructor({ spec, settings, account, output, onReport }: SourceRunOptions) {
    this.#account = account;
    this.#settings = settings;
    this.#onReport = onReport;
    this.#hasOutput = output !== undefined;
    const { port1, port2 } = new MessageChannel();
    const board = this.#board.buffer;
    this.#reader = new Thread(new URL("./reader-thread.js", import.meta.url), {
      name: "inferometer reader",
      start: { spec, settings: readerSettings(settings), board, bell: port1 } satisfies ReaderStart,
      transfer: [port1],
      onWord: (word) => this.#readerSays(word),
      onDeath: (message) => this.#fail("source", { code: "SOURCE_LOST", message: `The reader's thread died: ${message}.` }),
    });
    this.#detector = new Thread(new URL("./detector-thread.js", import.meta.url), {
      name: "inferometer detector",
      start: {
        spec: settings.detector,
        settings: loopSettings(settings),
        queueSize: settings.queueSize,
        board,
        bell: port2,
        ...(output === undefined
          ? {}
          : { output: { path: output, ffmpeg: settings.ffmpeg, every: settings.every, maxFramesPerSecond: settings.maxFramesPerSecond } }),
      } satisfies DetectorStart,
      transfer: [port2],
      onWord: (word) => this.#detectorSays(word),
      onDeath: (message) => this.#fail("detector", { code: "DETECTOR_FAILED", message: `The detector's thread died: ${message}.` }),
    });
    void this.#reader.exited.then(() => this.#readerGone());
    // Who would read on without a detector?
    void this.#detector.exited.then(() => this.#end());
    this.ended = Promise.all([this.#reader.exited, this.#detector.exited]).then(() => this.#close());
  }

  /** Why it failed for good. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** The frame in the detector is finished, those that wait are dropped. */
  stop(): void {
    this.#stopped = true;
    this.#end();
  }

  /** Frames of a live source are dropped, "paused", until `resume`; any other source waits. */
  pause(): void {
    this.#board.pause();
  }

  resume(): void {
    this.#board.resume();
    this.#lastNewsSeconds = monotonicSeconds(); // the silence was ours
    this.#reader.tell({ kind: "wake" });
  }

  /** Takes over what the threads have counted, and looks whether the source still gives frames. */
  tick(): void {
    this.#sync();
    const { state, frames } = this.#account;
    const silentSeconds = monotonicSeconds() - this.#lastNewsSeconds;
    // With frames in flight it is the detector who takes his time, and who waits because he was told to is silent.
    const waits = frames.inFlight > 0 || (this.#board.paused && !this.#live);
    if (state === "running" && !waits && silentSeconds > this.#settings.stallAfterSeconds) this.#account.state = "stalled";
  }

  #sync(): void {
    if (!this.#named) return; // the metrics of a source need its name, which is on its way
    const counts = this.#board.takeCounts();
    this.#account.counts(counts);
    if (counts.received === 0) return;
    this.#lastNewsSeconds = monotonicSeconds();
    this.firstFrameSeconds ??= this.#lastNewsSeconds;
    if (this.#account.state === "stalled") this.#account.state = "running";
  }

  #readerSays(word: ReaderWord): void {
    if (word.kind === "named") {
      this.#named = true;
      this.#live = word.live;
      this.#account.named(word.name, word);
    } else if (word.kind === "opened") {
      this.#opened = true;
      this.expectedFrames = word.frames;
      this.#account.state = "running";
      this.#lastNewsSeconds = monotonicSeconds();
      this.#detector.tell({ kind: "ring", ring: word.ring, info: word.info });
    } else if (word.kind === "failed") this.#fail("source", word.failure);
    else if (word.kind === "event") this.#account.event(word.event);
  }

  #detectorSays(word: DetectorWord): void {
    if (word.kind === "ready") this.#account.ready(word);
    else if (word.kind === "device") this.#account.device(word);
    else if (word.kind === "tracks-ended") this.#account.tracksEnded(word.events);
    else if (word.kind === "failed") this.#fail(word.failure.code === "OUTPUT_FAILED" ? "output" : "detector", word.failure);
    else if (word.kind === "frame") {
      // In one go with the report: the coming of its frame was counted long before.
      this.#sync();
      this.#account.frame(word);
      this.lastResultSeconds = monotonicSeconds();
      this.#onReport(word, () => this.#taken());
    }
  }

  #taken(): void {
    this.#board.countTaken();
    // Only a detector that sleeps because it was too far ahead needs to be told.
    if (this.#board.unread >= MAX_UNREAD - 1) this.#detector.tell({ kind: "wake" });
  }

  #fail(component: "source" | "detector" | "output", failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#account.failed(component, failure);
    if (component !== "source") this.#end();
  }

  #readerGone(): void {
    this.#board.end();
    if (this.#opened) this.#detector.tell({ kind: "wake" });
    else this.#end(); // there will never be a frame
  }

  #end(): void {
    this.#board.stop();
    this.#reader.tell({ kind: "stop" });
    this.#detector.tell({ kind: "stop" });
    this.#reader.killAfter(STOP_GRACE_MS);
    this.#detector.killAfter(this.#hasOutput ? STOP_GRACE_WITH_OUTPUT_MS : STOP_GRACE_MS);
  }

  #close(): void {
    this.#sync();
    this.#account.close();
    if (this.#account.state !== "failed") this.#account.state = this.#stopped ? "stopped" : "ended";
  }
}

function readerSettings({ every, maxFramesPerSecond, queueSize, drop, pixelFormat }: Settings): ReaderStart["settings"] {
  return { every, maxFramesPerSecond, queueSize, ...(drop === undefined ? {} : { drop }), ...(pixelFormat === undefined ? {} : { pixelFormat }) };
}

function loopSettings({ confidence, maxAgeSeconds, maxFailures, tracker }: Settings): LoopSettings {
  return { confidence, maxAgeSeconds, maxFailures, ...(tracker === undefined ? {} : { tracker }) };
}
