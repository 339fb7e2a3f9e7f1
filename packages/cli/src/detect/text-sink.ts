import { close, open, write } from "node:fs";
import { promisify } from "node:util";
import { InferometerError } from "@inferometer/metrics";
import type { Output } from "../surroundings.ts";

/** So much may wait for a slow disk or reader before `write` waits too. */
const MOST_WAITING = 1 << 20;
const RETRY_MS = 10;

const openFile = promisify(open);
const closeFile = promisify(close);

/**
 * Writes text to a file or to stdout without blocking this thread: Node's own stdout would wait for a reader that pauses, and scrapes with it.
 */
export class TextSink {
  readonly #name: string;
  readonly #fd: number;
  readonly #own: "own" | "lent";
  #waiting = "";
  #writing: Promise<void> | undefined;
  #failure: InferometerError | undefined;
  #readerGone = false;

  private constructor(name: string, { fd, own }: { readonly fd: number; readonly own: "own" | "lent" }) {
    this.#name = name;
    this.#fd = fd;
    this.#own = own;
  }

  /** Opens a file, of which nothing old remains. Throws OUTPUT_FAILED. */
  static async toFile(path: string): Promise<TextSink> {
    try {
      return new TextSink(path, { fd: await openFile(path, "w"), own: "own" });
    } catch (error) {
      throw outputFailed(path, error as NodeJS.ErrnoException);
    }
  }

  static toOutput(output: Output): TextSink {
    return new TextSink("stdout", { fd: output.fd ?? 1, own: "lent" });
  }

  /** Whoever read stdout has closed it: what is written goes nowhere, and it is no failure. */
  get readerGone(): boolean {
    return this.#readerGone;
  }

  /** Resolves at once while little waits. Throws OUTPUT_FAILED when an earlier write failed. */
  async write(text: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#readerGone) return;
    this.#waiting += text;
    this.#writing ??= this.#drain();
    if (this.#waiting.length > MOST_WAITING) await this.#writing;
  }

  /** Waits until all is written. Throws OUTPUT_FAILED when it was not. */
  async close(): Promise<void> {
    await this.#writing;
    if (this.#own === "own") await closeFile(this.#fd).catch((error: NodeJS.ErrnoException) => this.#fail(error));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #drain(): Promise<void> {
    while (this.#waiting !== "" && this.#failure === undefined && !this.#readerGone) {
      const data = new TextEncoder().encode(this.#waiting);
      this.#waiting = "";
      await this.#writeAll(data).catch((error: NodeJS.ErrnoException) => this.#fail(error));
    }
    this.#writing = undefined;
  }

  async #writeAll(data: Uint8Array): Promise<void> {
    let at = 0;
    while (at < data.length) {
      try {
        at += await new Promise<number>((done, failed) =>
          write(this.#fd, data, at, data.length - at, null, (error, written) => (error === null ? done(written) : failed(error))),
        );
      } catch (error) {
        // A pipe that somebody made non-blocking, and that is full.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === "EPIPE" && this.#own === "lent") this.#readerGone = true;
    else this.#failure ??= outputFailed(this.#name, error);
    this.#waiting = "";
  }
}

function outputFailed(name: string, error: NodeJS.ErrnoException): InferometerError {
  const why: Record<string, string> = {
    ENOSPC: "the disk is full. Free some space, or write to another disk",
    EACCES: "this user may not. Choose another place, or change its permissions",
    ENOENT: "its folder does not exist. Make the folder first",
    EISDIR: "it is a folder. Name a file in it",
    EROFS: "the disk is read-only. Choose another place",
  };
  return new InferometerError("OUTPUT_FAILED", `${name} cannot be written: ${why[error.code ?? ""] ?? error.message}.`, { cause: error });
}
