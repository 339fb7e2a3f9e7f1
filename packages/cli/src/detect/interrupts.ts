import { constants } from "node:os";

export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

const SIGNALS: readonly Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Where signals come from: `process`. */
export interface SignalSource {
  on(signal: Signal, listener: (signal: Signal) => void): unknown;
  off(signal: Signal, listener: (signal: Signal) => void): unknown;
  readonly pid: number;
  kill(pid: number, signal: Signal): unknown;
}

/** The exit code that shells give to a program ended by a signal: 130 for Ctrl-C. */
export const signalCode = (signal: Signal): number => 128 + constants.signals[signal];

/** The first signal asks to end cleanly; a second one ends the process at once, as if nobody had listened. */
export class Interrupts implements Disposable {
  readonly #source: SignalSource;
  readonly #listener: (signal: Signal) => void;
  #first: Signal | undefined;
  #onFirst: ((signal: Signal) => void) | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
    this.#listener = (signal) => {
      if (this.#first === undefined) {
        this.#first = signal;
        this.#onFirst?.(signal);
        return;
      }
      this[Symbol.dispose]();
      source.kill(source.pid, signal);
    };
    for (const signal of SIGNALS) source.on(signal, this.#listener);
  }

  /** The signal that has come, if any. */
  get first(): Signal | undefined {
    return this.#first;
  }

  /** Calls back at the first signal; at once, if it has come. A new listener takes the place of the old. */
  onFirst(listener: (signal: Signal) => void): void {
    this.#onFirst = listener;
    if (this.#first !== undefined) listener(this.#first);
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) this.#source.off(signal, this.#listener);
  }
}
