import { Worker } from "node:worker_threads";
import type { Comparison, Verdict } from "./bcrypt-worker.ts";

interface Waiting {
  resolve(isMatch: boolean): void;
  reject(error: Error): void;
}

/**
 * Compares passwords with bcrypt hashes in a worker thread, one at a time: a comparison of cost 10 takes a fifth of a second, and bcryptjs'
 * own asynchronous form still holds the event loop for half of that. The worker starts at the first comparison and keeps no process alive.
 */
export class BcryptThread {
  readonly #waiting: Map<number, Waiting> = new Map();
  #worker: Worker | undefined;
  #lastId = 0;

  /** Rejects when the worker fails or is closed. */
  compare(password: string, hash: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#worker ??= this.#start();
      const comparison: Comparison = { id: ++this.#lastId, password, hash };
      this.#waiting.set(comparison.id, { resolve, reject });
      this.#worker.postMessage(comparison);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    // The sources run without a build on newer Nodes: the worker ends as this file does.
    const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./bcrypt-worker.${ending}`, import.meta.url), { name: "inferometer-bcrypt" });
    worker.unref();
    worker.on("message", ({ id, isMatch }: Verdict) => {
      this.#waiting.get(id)?.resolve(isMatch);
      this.#waiting.delete(id);
    });
    const failed = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on("error", failed);
    worker.on("exit", () => failed(new Error("The thread that checks passwords has ended.")));
    return worker;
  }
}
