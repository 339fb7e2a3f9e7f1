// What docs/agent.md hands out to be copied: systemd itself judges the unit, and the command its own options.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";
import { blocksOf } from "./markdown.ts";

const PAGE = "docs/agent.md";
const NAME = "inferometer-agent.service";
const root = fileURLToPath(new URL("../..", import.meta.url));
const blocks = blocksOf(PAGE, readFileSync(join(root, PAGE), "utf8"));
const only = (info: string): string => {
  const [block, ...more] = blocks.filter((each) => each.info === info);
  assert.ok(block !== undefined && more.length === 0, `${PAGE} must have one block of ${info}`);
  return block.text;
};

/** What systemd says of a unit, without what it says of others. */
function complaints(t: TestContext, unit: string): string {
  const folder = mkdtempSync(join(tmpdir(), "unit-"));
  t.after(() => rmSync(folder, { recursive: true }));
  // The command is not installed here, and a program that does not exist is a fault.
  writeFileSync(join(folder, NAME), unit.replace("/usr/bin/inferometer", process.execPath));
  const { stderr, error } = spawnSync(whereIs("systemd-analyze")!, ["verify", "--man=no", join(folder, NAME)], { encoding: "utf8" });
  assert.equal(error, undefined);
  return stderr
    .split("\n")
    .filter((line) => line.includes(NAME))
    .join("\n");
}

const linux = process.platform === "linux" ? unlessMissing("systemd-analyze") : { skip: "systemd is Linux' own" };

test("systemd finds no fault in the unit", linux, (t) => {
  const unit = only("ini");
  assert.equal(complaints(t, unit), "");
  assert.match(complaints(t, unit.replace("NoNewPrivileges", "NoNewPrivilege")), /Unknown key 'NoNewPrivilege'/, "it would have said so");
});

test("the unit and the container start the agent with options that it has", () => {
  const help = spawnSync(process.execPath, [join(root, "packages/cli/bin/inferometer.js"), "agent", "--help"], { encoding: "utf8" }).stdout;
  const lines = [/^ExecStart=\S+ (agent .*)$/m.exec(only("ini"))?.[1], /^ENTRYPOINT \["inferometer", (.*)\]$/m.exec(only("dockerfile"))?.[1]];
  for (const line of lines) {
    const options = line?.match(/--[a-z-]+/g) ?? [];
    assert.ok(options.length >= 2, `${line}`);
    for (const option of options) assert.match(help, new RegExp(`^ +${option} <`, "m"), line);
  }
});
