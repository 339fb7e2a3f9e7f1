import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { whereIs } from "../../../../tools/programs.mjs";
import { inferometer, inShell } from "../command-line.test-kit.ts";

/** What bash offers for the words, the last of which is being typed. */
function offered(words: readonly string[]): string[] {
  const list = words.map((word) => JSON.stringify(word)).join(" ");
  const { stdout, stderr, code } = inShell(
    `eval "$(inferometer completion bash)"; COMP_WORDS=(inferometer ${list}); COMP_CWORD=${words.length}; _inferometer; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, options and their values", () => {
  assert.deepEqual(offered(["de"]), ["detect"]);
  assert.deepEqual(offered(["detect", "--ma"]), ["--max-fps", "--max-age"]);
  assert.deepEqual(offered(["detect", "--metrics", "p"]), ["prometheus"]);
  assert.deepEqual(offered(["detect", "--metrics", "=", "n"]), ["none"]);
  assert.deepEqual(offered(["completion", ""]), ["bash", "zsh", "fish"]);
  assert.deepEqual(offered(["detect", "--port", ""]), []);
  assert.deepEqual(offered(["detect", "vid"]), [], "an empty answer lets bash offer files");
});

for (const shell of ["zsh", "fish"]) {
  test(`${shell} reads its script`, { skip: whereIs(shell) !== undefined ? false : `${shell} is not here` }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "inferometer-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const { stdout } = await inferometer(["completion", shell]);
    writeFileSync(join(folder, "script"), stdout);
    const read =
      shell === "zsh"
        ? "autoload -U compinit; compinit -u -D; source ./script; whence -w _inferometer"
        : "source ./script; complete -C 'inferometer detect --metr'";
    const { code, stdout: said, stderr } = inShell(read, { shell, cwd: folder });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(said, shell === "zsh" ? /_inferometer: function/ : /--metrics/);
  });
}

test("every option is in every script", async () => {
  const { stdout: help } = await inferometer(["detect", "--help"]);
  const names = [...help.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name!);
  assert.ok(names.length > 20);
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await inferometer(["completion", shell]);
    for (const name of names) assert.ok(stdout.includes(shell === "fish" ? `-l ${name} ` : `--${name}`), `${shell}: ${name}`);
  }
});
