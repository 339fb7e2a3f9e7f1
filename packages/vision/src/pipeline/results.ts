import type { Detection } from "../types.ts";
import type { FrameReport, PipelineStage, TrackResult } from "./words.ts";

/** What was found in one frame. */
export interface FrameResult {
  /** The source's name. */
  readonly source: string;
  /** Position in the source, from 0, dropped frames included. */
  readonly index: number;
  /** Presentation time. */
  readonly timestampSeconds: number;
  readonly detections: readonly Detection[];
  /** The tracks that were seen in it. */
  readonly tracks: readonly TrackResult[];
  readonly stageSeconds: Readonly<Record<PipelineStage, number>>;
  /** What the detector threw; there are no detections then. */
  readonly error?: string;
}

export function resultOf(source: string, { index, timestampSeconds, detections, tracks, stageSeconds, error }: FrameReport): FrameResult {
  return { source, index, timestampSeconds, detections, tracks, stageSeconds, ...(error === undefined ? {} : { error: error.message }) };
}

interface Asked {
  readonly resolve: (result: IteratorResult<FrameResult>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The results for somebody who takes them one by one. How many can wait is bounded by the detectors, which sleep until `taken` is called often
 * enough.
 */
export class ResultStream implements AsyncIterableIterator<FrameResult> {
  readonly #waiting: { readonly result: FrameResult; readonly taken: () => void }[] = [];
  readonly #onClose: () => void;
  readonly #asked: Asked[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  push(result: FrameResult, taken: () => void): void {
    const asked = this.#asked.shift();
    if (asked === undefined) {
      this.#waiting.push({ result, taken });
      return;
    }
    taken();
    asked.resolve({ done: false, value: result });
  }

  /** No more will come. With an error, whoever asks next is told so once. */
  end(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    for (const asked of this.#asked.splice(0)) this.#tellEnd(asked);
  }

  next(): Promise<IteratorResult<FrameResult>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      first.taken();
      return Promise.resolve({ done: false, value: first.result });
    }
    return new Promise((resolve, reject) => {
      if (this.#end === undefined) this.#asked.push({ resolve, reject });
      else this.#tellEnd({ resolve, reject });
    });
  }

  /** The loop was left: what waits is thrown away, and detection goes on without a listener. */
  return(): Promise<IteratorResult<FrameResult>> {
    this.#onClose();
    for (const { taken } of this.#waiting.splice(0)) taken();
    this.end({});
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #tellEnd({ resolve, reject }: Asked): void {
    const error = this.#end?.error;
    this.#end = {};
    if (error === undefined) resolve({ done: true, value: undefined });
    else reject(error);
  }
}
