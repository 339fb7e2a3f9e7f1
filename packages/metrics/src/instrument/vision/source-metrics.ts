import type { Clock } from "../../core/clock.ts";
import type { Counter } from "../../core/counter.ts";
import type { Gauge } from "../../core/gauge.ts";
import type { Histogram } from "../../core/histogram.ts";
import { Balance } from "./balance.ts";
import type { VisionDeclarations } from "./declarations.ts";

/** What a source's calls record with. */
export interface SourceParts {
  readonly declared: VisionDeclarations;
  readonly clock: Clock;
}

/**
 * The recording calls of one source of frames: a camera, a file, a stream. `VisionMetrics.source` makes it.
 *
 * @example
 * const camera = vision.source("entrance");
 * camera.up();
 * camera.frameReceived();
 */
export class SourceMetrics {
  /** The value of the label `source`. */
  readonly name: string;
  readonly #declared: VisionDeclarations;
  readonly #clock: Clock;
  readonly #received: Counter;
  readonly #inFlight: Balance;
  #lastFrame: Gauge | undefined;
  #age: Histogram | undefined;

  /** @internal Made by VisionMetrics. */
  constructor(name: string, { declared, clock }: SourceParts) {
    this.name = name;
    this.#declared = declared;
    this.#clock = clock;
    this.#received = declared.received.labels({ source: name });
    this.#inFlight = Balance.of(declared.inFlight);
  }

  /**
   * Counts frames that the source delivered (default 1), those that were lost unseen included. They are in flight until `frameProcessed` or
   * `frameDropped` tells what became of them. Throws VALUE_INVALID for a count below 0.
   */
  frameReceived(count = 1): void {
    this.#received.inc(count);
    this.#inFlight.add(count);
    (this.#lastFrame ??= this.#declared.lastFrame.labels({ source: this.name })).set(this.#clock.time()); // no series before: 0 would be 1970
  }

  /** Records the seconds from a frame's capture to its result. Throws VALUE_INVALID for what is not finite. */
  frameAge(seconds: number): void {
    (this.#age ??= this.#declared.frameAge.labels({ source: this.name })).observe(seconds);
  }

  /** Says that the source delivers. */
  up(): void {
    this.#declared.sourceUp.set({ source: this.name }, 1);
  }

  /** Says that the source does not deliver. */
  down(): void {
    this.#declared.sourceUp.set({ source: this.name }, 0);
  }

  /** Counts that the source was started anew. `reason`: a word, such as "stalled". */
  restarted(reason: string): void {
    this.#declared.restarts.inc({ source: this.name, reason });
  }

  /** Counts faults that the decoder reported (default 1). `type`: a word, such as "corrupt". */
  decodeError(type: string, count = 1): void {
    this.#declared.decodeErrors.inc({ source: this.name, type }, count);
  }

  /** Sets how many entries of the Redis stream are not read yet. */
  lag(entries: number): void {
    this.#declared.streamLag.set({ source: this.name }, entries);
  }
}

/** A user and password in a URL are nobody's business who may read metrics. */
export function withoutCredentials(name: string): string {
  return name.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1");
}
