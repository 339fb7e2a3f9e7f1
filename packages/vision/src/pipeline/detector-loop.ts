import { InferometerError, shown } from "@inferometer/metrics";
import { Tracker, type TrackerOptions } from "../tracking/index.ts";
import type { Detection, Detector, Frame, StreamInfo } from "../types.ts";
import type { Bell } from "./bell.ts";
import type { Board } from "./board.ts";
import { checkedDetections } from "./checked-detections.ts";
import { failureOf } from "./failure.ts";
import { monotonicSeconds } from "./monotonic.ts";
import type { Ring } from "./ring.ts";
import { StageTimes } from "./stage-times.ts";
import type { DetectorWord, Failure, FrameReport, TrackResult } from "./words.ts";

export interface LoopSettings {
  /** Weaker detections are left out. */
  readonly confidence: number;
  /** Frames that waited longer are dropped as stale. */
  readonly maxAgeSeconds: number;
  /** No tracks without it. */
  readonly tracker?: TrackerOptions;
  /** So many failures in a row are the end. */
  readonly maxFailures: number;
}

/** Draws what was found, or writes it somewhere. */
export interface FrameOutput {
  write(frame: Frame, seen: { readonly detections: readonly Detection[]; readonly tracks: readonly TrackResult[] }): Promise<void>;
}

export interface LoopParts {
  readonly board: Board;
  readonly ring: Ring;
  readonly bell: Bell;
  readonly info: StreamInfo;
  readonly output?: FrameOutput;
  readonly say: (word: DetectorWord) => void;
}

/** Reports that may wait for the main thread, or for whoever iterates, before the detector waits too: a second of a camera. */
export const MAX_UNREAD = 32;
// A detector that never waits for anything would keep timers and sockets of this thread from their turn.
const TURN_SECONDS = 0.01;

/**
 * Takes frames out of the ring, oldest first, until there are no more: detector, tracker, output, report. A detector that throws costs the frame,
 * not the stream, unless it does so `maxFailures` times in a row.
 */
export class DetectorLoop {
  readonly #detector: Detector;
  readonly #settings: LoopSettings;
  readonly #parts: LoopParts;
  readonly #times: StageTimes = new StageTimes();
  readonly #tracker: Tracker | undefined;
  #failures = 0;

  constructor(detector: Detector, { settings, parts }: { readonly settings: LoopSettings; readonly parts: LoopParts }) {
    this.#detector = detector;
    this.#settings = settings;
    this.#parts = parts;
    const { width, height, framesPerSecond } = parts.info;
    const rate = framesPerSecond === undefined ? {} : { framesPerSecond };
    if (settings.tracker !== undefined) this.#tracker = new Tracker({ ...rate, ...settings.tracker, frame: { width, height } });
  }

  /** Rejects with DETECTOR_FAILED or OUTPUT_FAILED. What still waits in the ring then is for others to count. */
  async run(): Promise<void> {
    const { board, ring, bell, say } = this.#parts;
    let turnEndsSeconds = monotonicSeconds() + TURN_SECONDS;
    try {
      while (!board.stopped) {
        const ended = board.ended; // read before the ring: what was put into it before the end is still found
        const slot = board.unread < MAX_UNREAD ? ring.take() : undefined;
        if (slot !== undefined) {
          bell.ring();
          await this.#handle(slot);
          // The reader waits for room; what it needs is the place that `take` freed, and later the slot.
          if (monotonicSeconds() < turnEndsSeconds) continue;
          await new Promise(setImmediate);
          turnEndsSeconds = monotonicSeconds() + TURN_SECONDS;
        } else if (ended && ring.full === 0) break;
        else await bell.sleepUnless(() => board.stopped || (board.unread < MAX_UNREAD && (ring.full > 0 || board.ended)));
      }
    } finally {
      while (board.stopped && ring.dropOldest()) board.countDropped("shutdown", 1);
      if (this.#tracker !== undefined) say({ kind: "tracks-ended", events: this.#tracker.finish().events });
    }
  }

  async #handle(slot: number): Promise<void> {
    const { board, ring, info, say } = this.#parts;
    const begunSeconds = monotonicSeconds();
    const { index, timestampSeconds, takenSeconds, decodeSeconds } = ring.stamp(slot);
    if (begunSeconds - takenSeconds > this.#settings.maxAgeSeconds) {
      ring.release(slot);
      board.countDropped("stale", 1);
      return;
    }
    const { width, height, pixelFormat } = info;
    const frame: Frame = { data: ring.pixels(slot), width, height, pixelFormat, index, timestampSeconds };
    const found = await this.#detect(frame);
    const detectedSeconds = monotonicSeconds();
    const update = found.error === undefined ? this.#tracker?.update(found.detections, frame) : undefined;
    const tracks = (update?.tracks ?? []).map(({ id, box, label, confidence }) => ({ id, box, label, confidence }));
    const trackedSeconds = monotonicSeconds();
    let outputFailure: unknown;
    try {
      await this.#parts.output?.write(frame, { detections: found.detections, tracks });
    } catch (error) {
      outputFailure = error;
    }
    ring.release(slot);
    const doneSeconds = monotonicSeconds();
    const { preprocess, inference, postprocess } = this.#times.seconds;
    const stageSeconds: FrameReport["stageSeconds"] = {
      decode: decodeSeconds,
      queue: begunSeconds - takenSeconds,
      preprocess,
      inference,
      postprocess,
      track: trackedSeconds - detectedSeconds,
      output: doneSeconds - trackedSeconds,
      total: doneSeconds - takenSeconds,
    };
    board.countReported();
    say({
      kind: "frame",
      index,
      timestampSeconds,
      stageSeconds,
      detections: found.detections,
      tracks,
      events: update?.events ?? [],
      waiting: ring.full,
      ...(found.error === undefined ? {} : { error: found.error }),
    });
    if (outputFailure !== undefined) throw outputFailure;
    if (this.#failures >= this.#settings.maxFailures) throw this.#givenUp(found.error!);
  }

  async #detect(frame: Frame): Promise<{ readonly detections: readonly Detection[]; readonly error?: Failure }> {
    this.#times.begin();
    try {
      const answer = this.#detector.detect(frame, this.#times);
      // A plain answer is taken at once: await would let other work in between.
      const detections = checkedDetections(isPromise(answer) ? await answer : answer, this.#settings.confidence);
      this.#times.end();
      this.#failures = 0;
      return { detections };
    } catch (error) {
      this.#times.end();
      this.#failures++;
      return { detections: [], error: failureOf(error, "DETECTOR_FAILED") };
    }
  }

  #givenUp({ message }: Failure): InferometerError {
    const { name } = this.#detector;
    return new InferometerError(
      "DETECTOR_FAILED",
      `The detector ${shown(name)} failed on ${this.#failures} frames in a row; at last: ${message}. Mend it, or allow more with maxFailures.`,
    );
  }
}

function isPromise(answer: unknown): answer is Promise<readonly Detection[]> {
  return typeof (answer as { then?: unknown } | undefined)?.then === "function";
}
