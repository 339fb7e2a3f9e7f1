import type { MessagePort } from "node:worker_threads";
import type { Board, Sleeper } from "./board.ts";

/**
 * Lets a thread sleep in its event loop, not in Atomics.wait: the promises, timers and sockets of a detector go on meanwhile. A bell is rung only
 * for who said on the board that he sleeps, so busy threads send each other no messages.
 */
export class Bell {
  readonly #port: Pick<MessagePort, "postMessage">;
  readonly #board: Board;
  readonly #own: Sleeper;
  readonly #other: Sleeper;
  #wake: (() => void) | undefined;

  /** `port` leads to the other thread. Whoever owns the port's messages calls `awake` for each. */
  constructor(
    port: Pick<MessagePort, "postMessage">,
    { board, own, other }: { readonly board: Board; readonly own: Sleeper; readonly other: Sleeper },
  ) {
    this.#port = port;
    this.#board = board;
    this.#own = own;
    this.#other = other;
  }

  /** Sleeps until somebody rings, unless `ready` says that there is something to do. Wakes without a reason now and then: look again. */
  async sleepUnless(ready: () => boolean): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#board.setAsleep(this.#own);
    // Looked at after the word on the board: what happens from here on rings.
    if (!ready()) await woken;
    this.#board.wasAsleep(this.#own);
    this.#wake = undefined;
  }

  /** Wakes the sleeper of this thread. */
  awake(): void {
    this.#wake?.();
  }

  /** Wakes the other thread, if it sleeps. */
  ring(): void {
    if (this.#board.wasAsleep(this.#other)) this.#port.postMessage(null);
  }
}
