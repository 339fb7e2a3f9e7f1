import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a program that runs until it is stopped; what it says is kept for error texts. */
export function startProgram(
  path: string,
  args: readonly string[],
): { readonly child: ChildProcess; output(): string; [Symbol.asyncDispose](): Promise<void> } {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output = (output + text).slice(-10_000);
    });
  }
  return {
    child,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    },
  };
}

/** Asks again and again until `ask` gives something, for at most `seconds`. */
export async function eventually<T>(ask: () => Promise<T | undefined>, options: { readonly seconds: number; readonly what: string }): Promise<T> {
  const deadline = performance.now() + options.seconds * 1000;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    assert.ok(performance.now() < deadline, `${options.what} did not happen within ${options.seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
