// Starts the real `inferometer agent`, for the tests that look at what it serves.
import { fileURLToPath } from "node:url";
import type { Snapshot } from "@inferometer/metrics";
import { parsePrometheus } from "@inferometer/metrics/formats";
import { eventually, startProgram } from "./debian-program.ts";

const BIN = fileURLToPath(new URL("../../packages/cli/bin/inferometer.js", import.meta.url));

/** An agent that runs; disposing of it ends it. */
export class Agent implements AsyncDisposable {
  /** Such as "http://127.0.0.1:8000". */
  readonly url: string;
  readonly #program: ReturnType<typeof startProgram>;

  private constructor(url: string, program: ReturnType<typeof startProgram>) {
    this.url = url;
    this.#program = program;
  }

  static async start(words: readonly string[] = []): Promise<Agent> {
    const program = startProgram(process.execPath, [BIN, "agent", "--port", "0", ...words]);
    try {
      const said = async (): Promise<string | undefined> => /http:\/\/[\d.]+:\d+/.exec(program.output())?.[0];
      return new Agent(await eventually(said, { seconds: 20, what: "the agent's address" }), program);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  async scrape(): Promise<Snapshot> {
    const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(10_000) });
    return parsePrometheus(await response.text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
