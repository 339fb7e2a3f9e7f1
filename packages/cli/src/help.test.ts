import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "./commands.ts";
import { helpOf, overview } from "./help.ts";
import { allOptions } from "./settings.ts";
import { coloured, plain } from "./terminal/style.ts";

test("no line of any help is wider than 80 columns", () => {
  for (const text of [overview(commands, { version: "1.2.3", style: plain }), ...commands.map((command) => helpOf(command, { style: plain }))]) {
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  }
});

test("a command's help names each option, its default and the examples", () => {
  for (const command of commands) {
    const text = helpOf(command, { style: plain });
    for (const [name, option] of Object.entries(allOptions(command))) {
      assert.ok(text.includes(option.type === "switch" && option.default === true ? `--no-${name}` : `--${name}`), name);
    }
    for (const { line } of command.examples) assert.ok(text.includes(line), line);
  }
  assert.match(helpOf(commands[0]!, { style: plain }).replace(/\s+/g, " "), /--port <n> .* Default: 9090\./);
});

test("the same words stand there with colours and without", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is
  const bare = (text: string): string => text.replace(/\x1b\[\d+m/g, "");
  for (const command of commands) {
    const withColour = helpOf(command, { style: coloured });
    assert.notEqual(withColour, helpOf(command, { style: plain }));
    assert.equal(bare(withColour), helpOf(command, { style: plain }));
  }
});

test("every example's options exist", () => {
  for (const command of commands) {
    for (const { line } of command.examples) {
      for (const [, name] of line.matchAll(/ --([a-z-]+)/g)) assert.ok(allOptions(command)[name!] !== undefined, `${line}: --${name}`);
    }
  }
});
