import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TextSink } from "./text-sink.ts";

test("a file holds what was written, in order, after it is closed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "out.jsonl");
  const lines = Array.from({ length: 30_000 }, (_, at) => `{"index":${at},"label":"Straße ${"x".repeat(at % 90)}"}\n`);
  const sink = await TextSink.toFile(path);
  // Not all are waited for: that is how bursts come.
  for (const [at, line] of lines.entries()) await (at % 3 === 0 ? sink.write(line) : void sink.write(line));
  await sink.close();
  assert.equal(readFileSync(path, "utf8"), lines.join(""));
});

test("a disk that is full is told by close, and by the writes after it", { skip: process.platform !== "linux" }, async () => {
  const sink = await TextSink.toFile("/dev/full");
  await sink.write("a\n");
  await assert.rejects(sink.close(), { code: "OUTPUT_FAILED", message: /\/dev\/full cannot be written: the disk is full/ });
  await assert.rejects(sink.write("b\n"), { code: "OUTPUT_FAILED" });
});

test("a file that cannot be made is told at once", async () => {
  await assert.rejects(TextSink.toFile("/nowhere/out.jsonl"), { code: "OUTPUT_FAILED", message: /its folder does not exist/ });
  await assert.rejects(TextSink.toFile(tmpdir()), { code: "OUTPUT_FAILED", message: /it is a folder/ });
});
