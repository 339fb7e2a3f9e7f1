import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { environment, unlessMissing, whereIs } from "../../tools/programs.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../../..");

test("a test run that finds no test fails and says so", () => {
  const { status, stderr } = spawnSync(process.execPath, ["tools/test.mjs", "no-file-is-called-this"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /no test file with "no-file-is-called-this" in its path/);
});

test("programs that are unpacked are found behind those on PATH", () => {
  assert.match(environment({ PATH: "/bin" }).PATH ?? "", /^\/bin:.*\/\.tools\/debian\/usr\/bin$/);
  assert.match(environment({}).PATH ?? "", /^\/.*\/\.tools\/debian\/usr\/bin$/);
  assert.match(whereIs("sh") ?? "", /\/sh$/);
  assert.equal(whereIs("no-program-is-called-this"), undefined);
});

test("a test whose program is missing is skipped, and fails in CI", (t) => {
  const ci = process.env["CI"];
  t.after(() => (ci === undefined ? delete process.env["CI"] : (process.env["CI"] = ci)));
  delete process.env["CI"];
  assert.deepEqual(unlessMissing("sh"), {});
  assert.match(unlessMissing("sh", "no-such", "nor-this").skip ?? "", /^no-such, nor-this is not installed; run: node tools\/setup\.mjs --for test$/);
  process.env["CI"] = "true";
  assert.deepEqual(unlessMissing("sh"), {});
  assert.throws(() => unlessMissing("no-such"), /no-such is missing, and CI must have it/);
});

test("the set-up refuses a step that it does not know", async () => {
  const { provide } = (await import(new URL("../../tools/system-packages.mjs", import.meta.url).href)) as {
    provide: (step: string, say: (message: string) => void) => string[];
  };
  assert.throws(() => provide("party", () => {}), /No step "party". Steps: test/);
});
