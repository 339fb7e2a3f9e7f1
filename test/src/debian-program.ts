import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** Where a program is: on the PATH, or where tools/setup.mjs unpacks Debian's packages; undefined where it is not. */
export function findProgram(name: string): string | undefined {
  const unpacked = fileURLToPath(new URL(`../../.tools/root/usr/bin/${name}`, import.meta.url));
  const onPath = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
  return onPath !== "" ? onPath : existsSync(unpacked) ? unpacked : undefined;
}

/** Options for a test that needs a program: it is skipped where that is missing, but fails in CI. */
export function unlessMissing(present: unknown, name: string): { skip?: string } {
  if (present !== undefined && present !== false) return {};
  assert.ok(!process.env["CI"], `${name} is missing, and CI must have it. Run: node tools/setup.mjs --for test`);
  return { skip: `${name} is not installed; run: node tools/setup.mjs --for test` };
}

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
