import type { Clock } from "./clock.ts";

/**
 * Measures one duration. `stop` (or the end of a `using` block) records it, once.
 *
 * @example
 * { using _ = latency.startTimer({ model: "owlv2" }); await model.detect(frame); }
 */
export class Timer implements Disposable {
  readonly #clock: Clock;
  readonly #record: (labels: never, seconds: number) => void;
  readonly #labels: object | undefined;
  readonly #start: number;
  #seconds: number | undefined;

  constructor(clock: Clock, record: (labels: never, seconds: number) => void, labels?: object) {
    this.#clock = clock;
    this.#record = record;
    this.#labels = labels === undefined ? undefined : { ...labels };
    this.#start = clock.now();
  }

  /**
   * Records the time since the start, in seconds, and returns it. A second call records nothing and returns the first result.
   * `rest`: labels that `startTimer` was not given.
   */
  stop(rest?: object): number {
    if (this.#seconds === undefined) {
      const seconds = secondsSince(this.#clock, this.#start);
      this.#record((rest === undefined ? this.#labels : { ...this.#labels, ...rest }) as never, seconds);
      this.#seconds = seconds;
    }
    return this.#seconds;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** A timer that still lacks labels: `stop` takes them. Not disposable, since the end of a block could not name them. */
export interface PendingTimer<Rest> {
  /** Records the time since the start, in seconds, under the labels that were missing, and returns it. A second call records nothing. */
  stop(rest: Rest): number;
}

/**
 * Runs `work` and records its duration in seconds, also when it throws or its promise is rejected. Returns what `work` returns.
 */
export function timed<T>(clock: Clock, options: { readonly record: (seconds: number) => void; readonly work: () => T }): T {
  const { record, work } = options;
  const start = clock.now();
  const done = (): void => record(secondsSince(clock, start));
  let result: T;
  try {
    result = work();
  } catch (error) {
    done();
    throw error;
  }
  if (isThenable(result)) {
    return result.then(
      (value: unknown) => {
        done();
        return value;
      },
      (error: unknown) => {
        done();
        throw error;
      },
    ) as T;
  }
  done();
  return result;
}

// A clock that a test or a suspended machine turned back must not make a negative duration.
const secondsSince = (clock: Clock, start: number): number => Math.max(0, (clock.now() - start) / 1000);

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
