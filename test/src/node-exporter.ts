// Starts Debian's node_exporter on loopback, for the tests that compare ours with it.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Snapshot } from "@inferometer/metrics";
import { parsePrometheus } from "@inferometer/metrics/formats";
import { whereIs } from "../../tools/programs.mjs";

/** A node_exporter that runs; disposing of it ends it. */
export class NodeExporter implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(args: readonly string[] = []): Promise<NodeExporter> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(whereIs("prometheus-node-exporter")!, [`--web.listen-address=${address}`, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    const exporter = new NodeExporter(`http://${address}/metrics`, child);
    for (const deadline = performance.now() + 10_000; ; await setTimeout(25)) {
      try {
        await exporter.scrape();
        return exporter;
      } catch (error) {
        if (performance.now() < deadline && child.exitCode === null) continue;
        await exporter[Symbol.asyncDispose]();
        throw new Error(`node_exporter did not start: ${log}`, { cause: error });
      }
    }
  }

  async scrape(): Promise<Snapshot> {
    const response = await fetch(this.url, { signal: AbortSignal.timeout(10_000) });
    return parsePrometheus(await response.text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
