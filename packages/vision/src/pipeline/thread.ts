import { type MessagePort, Worker } from "node:worker_threads";
import type { MainWord } from "./words.ts";

/** After its last word a thread has so long to end by itself: a detector may have left a timer behind. */
const LAST_WORD_GRACE_MS = 500;

export interface ThreadOptions<Word> {
  readonly name: string;
  readonly start: object;
  readonly transfer: readonly MessagePort[];
  readonly onWord: (word: Word) => void;
  /** It ended otherwise than by itself or by us. */
  readonly onDeath: (message: string) => void;
}

/** A thread of a source, as the main thread sees it. */
export class Thread<Word extends { readonly kind: string }> {
  /** Resolves when it is gone, after its last word was heard. */
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #onDeath: (message: string) => void;
  #state: "running" | "finished" | "killed" | "gone" = "running";
  #timer: NodeJS.Timeout | undefined;

  constructor(url: URL, { name, start, transfer, onWord, onDeath }: ThreadOptions<Word>) {
    this.#onDeath = onDeath;
    // Flags are inherited unchecked, but checked when they are given: then V8's own (--max-old-space-size) are refused, and in Node 24 even those that
    // Node adds itself. --input-type is about the text of the main program; a thread that inherits it does not start.
    const flags = process.execArgv.some((flag) => flag.startsWith("--input-type")) ? { execArgv: [] } : {};
    // Stdout belongs to the program: to `detect --json`, for one. What a detector prints there, to find a fault in it, goes to stderr.
    this.#worker = new Worker(url, { workerData: start, transferList: [...transfer], name, stdout: true, ...flags });
    this.#worker.stdout.on("data", (text: Uint8Array) => process.stderr.write(text));
    this.#worker.on("message", (word: Word) => {
      onWord(word);
      if (word.kind === "finished") {
        this.#state = "finished";
        this.killAfter(LAST_WORD_GRACE_MS);
      }
    });
    this.exited = new Promise((resolve) => {
      let error: unknown;
      this.#worker.on("error", (thrown) => {
        error = thrown;
      });
      this.#worker.once("exit", (code) => {
        clearTimeout(this.#timer);
        const unforeseen = this.#state === "running";
        this.#state = "gone";
        if (unforeseen) this.#onDeath(lastWords(error, code));
        resolve();
      });
    });
  }

  tell(word: MainWord): void {
    this.#worker.postMessage(word);
  }

  /** Ends it by force, unless it has ended by itself until then. */
  killAfter(milliseconds: number): void {
    if (this.#state === "gone") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#state === "running") this.#state = "killed";
      void this.#worker.terminate();
    }, milliseconds);
  }
}

function lastWords(error: unknown, code: number): string {
  if (error instanceof Error) return error.message;
  return error === undefined ? `it ended with code ${code}` : String(error);
}
