// What the tests of the sources share: the real ffmpeg and redis-server, and clips made by ffmpeg.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { whereIs } from "../../../../tools/programs.mjs";
import type { FrameStamp, Source, SourceEvent, SourceOpenOptions, StreamInfo } from "../types.ts";

export function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-sources-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function ffmpeg(...args: string[]): Buffer {
  return execFileSync(whereIs("ffmpeg")!, ["-v", "error", "-nostdin", "-y", ...args], { maxBuffer: 1 << 28 });
}

/** Ffmpeg's own test picture, moving. */
export const testPicture = (size = "64x48", rate = 10): string[] => ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}`];

export interface Taken {
  readonly info: StreamInfo & { readonly frames?: number };
  readonly stamps: FrameStamp[];
  readonly pictures: Uint8Array[];
  readonly events: SourceEvent[];
}

/** Reads a source from its start to its end, or up to `most` pictures, and closes it. */
export async function takeAll(
  source: Source,
  { most = 10_000, onStamp, ...options }: SourceOpenOptions & { most?: number; onStamp?: (stamp: FrameStamp) => void } = {},
): Promise<Taken> {
  const events: SourceEvent[] = [];
  try {
    const info = await source.open({ ...options, onEvent: (event) => events.push(event) });
    const bytes = info.width * info.height * (info.pixelFormat === "gray8" ? 1 : 3);
    const taken: Taken = { info, stamps: [], pictures: [], events };
    while (taken.stamps.length < most) {
      const picture = new Uint8Array(bytes);
      const stamp = await source.read(picture);
      if (stamp === undefined) break;
      taken.stamps.push(stamp);
      taken.pictures.push(picture);
      onStamp?.(stamp);
    }
    return taken;
  } finally {
    await source.close();
  }
}

/** Sum of the counts of the events of a kind, and reason or type. */
export function told(events: readonly SourceEvent[], kind: SourceEvent["kind"], which?: string): number {
  return events
    .filter(
      (event) =>
        event.kind === kind &&
        (which === undefined || (event as { reason?: string }).reason === which || (event as { type?: string }).type === which),
    )
    .reduce((sum, event) => sum + ("count" in event ? event.count : 1), 0);
}

/** Process ids of the children of this process that run a program of this name. Those that have ended and wait to be noticed do not count. */
export function childrenNamed(name: string): number[] {
  return readdirSync("/proc")
    .filter(Number)
    .map(Number)
    .filter((pid) => {
      try {
        const [, program, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))!;
        return program === name && state !== "Z" && Number(parent) === process.pid;
      } catch {
        return false; // gone meanwhile
      }
    });
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

/** A Redis without a memory, listening. Stopped at the end of the test. */
export async function startRedis(t: TestContext, { port, password }: { port: number; password?: string }): Promise<ChildProcess> {
  const secret = password === undefined ? [] : ["--requirepass", password];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...secret];
  const child = spawn(whereIs("redis-server")!, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => stop(child));
  let said = "";
  for await (const text of child.stdout.setEncoding("utf8")) if ((said += text).includes("Ready to accept connections")) break;
  assert.match(said, /Ready to accept/, `redis-server did not start: ${said}`);
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Waits until `ask` says so, for at most 10 s. */
export async function eventually(ask: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + 10_000; !ask(); ) {
    assert.ok(performance.now() < deadline, `${what} did not happen within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
