import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../../..");

test("a test run that finds no test fails and says so", () => {
  const { status, stderr } = spawnSync(process.execPath, ["tools/test.mjs", "no-file-is-called-this"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /no test file with "no-file-is-called-this" in its path/);
});

test("the set-up looks for what the tests need, and refuses a step that it does not know", async () => {
  const { environment, provide } = (await import(new URL("../../tools/system-packages.mjs", import.meta.url).href)) as {
    environment: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
    provide: (step: string, say: (message: string) => void) => string[];
  };
  assert.match(environment({ PATH: "/bin" }).PATH ?? "", /^\/bin:.*\/\.tools\/root\/usr\/bin$/);
  assert.match(environment({}).PATH ?? "", /^\/.*\/\.tools\/root\/usr\/bin$/);
  assert.throws(() => provide("party", () => {}), /No step "party". Steps: test/);
});
