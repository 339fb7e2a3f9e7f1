import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function start(t: TestContext, ...args: string[]): Run {
  const child = spawn(process.execPath, [fileURLToPath(new URL("service.js", import.meta.url)), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (text += part));
  return { child, output: () => text, ended: once(child, "close").then(([code]) => code as number | null) };
}

/** Asks again and again until `look` finds something, at most 20 s. */
async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no ${what} within 20 s`);
}

const printedUrl = ({ output }: Run): string | undefined => /(http:\S+)\/metrics /.exec(output())?.[1];

test("the example prints where to look, no frame is lost in its counts, and Ctrl-C ends it cleanly", async (t) => {
  const run = start(t, "--port", "0");
  const url = await eventually("address", () => printedUrl(run));
  const text = await eventually("processed frame", async () => {
    const answer = await (await fetch(`${url}/metrics`)).text();
    return /^vision_frames_processed_total\{.*"success"\} [1-9]/m.test(answer) ? answer : undefined;
  });
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^vision_frames_${name}(?:\\{.*\\})? (\\d+)$`, "gm"))].reduce((total, [, value]) => total + Number(value), 0);
  assert.equal(sum("received_total"), sum("processed_total") + sum("dropped_total") + sum("in_flight"));
  assert.match(text, /^vision_detection_latency_seconds_bucket\{/m);
  assert.match(text, /^vision_response_time_seconds\{endpoint="\/detect",quantile="0.99"\} 0\.\d/m);
  for (const page of ["/metrics.json", "/health"]) assert.equal((await fetch(url + page)).status, 200);
  run.child.kill("SIGINT");
  assert.equal(await run.ended, 0, run.output());
  assert.match(run.output(), /\d+ frames processed, \d+ failed, \d+ dropped; 99 % answered within [\d.]+ ms\.\n$/);
});

test("the example ends by itself after --seconds", async (t) => {
  const run = start(t, "--port", "0", "--seconds", "0.2");
  assert.equal(await run.ended, 0, run.output());
  assert.match(run.output(), /frames processed/);
});

test("a port that is taken is named, with the line to type instead of a stack", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const run = start(t, "--port", String(port));
  assert.equal(await run.ended, 1);
  assert.match(run.output(), new RegExp(`port ${port}`));
  assert.match(run.output(), /node examples\/dist\/service\.js --port 9091\n$/);
  assert.doesNotMatch(run.output(), / at /);
});
