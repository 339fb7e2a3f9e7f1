import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "@inferometer/metrics";
import { COUNT, checkOptions } from "../option-check.ts";
import type { FrameStamp, Source, SourceEvent, SourceOpenOptions, StreamInfo, Truth } from "../types.ts";
import { type SyntheticOptions, SyntheticScene } from "./synthetic-scene.ts";

export interface SyntheticSpec extends SyntheticOptions {
  readonly kind: "synthetic";
  /** How many pictures. Default: it never ends. */
  readonly frames?: number;
  /** Each picture comes at its time, as from a camera, instead of as soon as it is wanted. Default false. */
  readonly live?: boolean;
}

/** Moving figures, drawn: a source that needs neither a camera nor a file, and knows what is to be seen in it. */
export class SyntheticSource implements Source {
  readonly name = "synthetic";
  readonly live: boolean;
  readonly #spec: SyntheticSpec;
  readonly #clock: Clock;
  readonly #closing: AbortController = new AbortController();
  #scene: SyntheticScene;
  #next = 0;
  #startedAtMs: number | undefined;

  /** Throws OPTION_INVALID for options that make no picture. */
  constructor(spec: SyntheticSpec, { clock = systemClock }: { clock?: Clock } = {}) {
    const { frames = 1, live = false } = spec;
    checkOptions({ frames }, COUNT);
    this.#spec = spec;
    this.#clock = clock;
    this.live = live;
    this.#scene = new SyntheticScene(spec);
  }

  /** Another size than the scene's own is drawn as a scene of that size. */
  async open({ onEvent, width, height, pixelFormat }: SourceOpenOptions = {}): Promise<StreamInfo & { readonly frames?: number }> {
    const wanted = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }), ...(pixelFormat && { pixelFormat }) };
    if (Object.keys(wanted).length > 0) this.#scene = new SyntheticScene({ ...this.#spec, ...wanted });
    onEvent?.({ kind: "up" } satisfies SourceEvent);
    return { ...this.#scene.info, ...(this.#spec.frames === undefined ? {} : { frames: this.#spec.frames }) };
  }

  async read(into: Uint8Array): Promise<FrameStamp | undefined> {
    const { signal } = this.#closing;
    const index = this.#next;
    if (signal.aborted || index >= (this.#spec.frames ?? Number.POSITIVE_INFINITY)) return undefined;
    const timestampSeconds = this.#scene.timestampSeconds(index);
    if (this.live) {
      this.#startedAtMs ??= this.#clock.now();
      const waitMs = this.#startedAtMs + timestampSeconds * 1000 - this.#clock.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return undefined;
    }
    this.#next++;
    this.#scene.render(index, into);
    return { index, timestampSeconds };
  }

  /** Who is really in picture `index`. */
  truths(index: number): Truth[] {
    return this.#scene.truths(index);
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
