import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Command, defineCommand } from "./command.ts";
import { settings } from "./settings.ts";

const watch: Command = defineCommand({
  name: "watch",
  summary: "watch",
  arguments: { name: "source", help: "what", least: 1, most: 2 },
  options: {
    port: { type: "number", value: "n", default: 9090, min: 0, max: 65535, whole: true, help: "port" },
    lines: { type: "text", value: "file", implied: "-", help: "lines" },
    limit: { type: "text", value: "limit", many: true, help: "limits" },
    age: { type: "duration", value: "time", help: "age" },
    mode: { type: "choice", choices: ["none", "some"], default: "none", help: "mode" },
    track: { type: "switch", default: true, help: "no tracks" },
    json: { type: "switch", short: "j", help: "json" },
  },
  examples: [],
  load: async () => async () => 0,
});

const none = { env: {}, folder: "/nowhere" };
const read = (words: string, surroundings: Parameters<typeof settings>[2] = none) => settings(watch, words.split(" "), surroundings);

function folderWith(t: TestContext, config: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "inferometer.config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return folder;
}

test("flags, values and arguments may come in any order", () => {
  const { options, args } = read("a.mp4 --port 0 --limit p95>1s -j --limit=fps<5 --mode some --no-track --age 1m30s b.mp4");
  assert.deepEqual(args, ["a.mp4", "b.mp4"]);
  assert.deepEqual(
    { port: options["port"], limit: options["limit"], json: options["json"], mode: options["mode"], track: options["track"], age: options["age"] },
    { port: 0, limit: ["p95>1s", "fps<5"], json: true, mode: "some", track: false, age: "1m30s" },
  );
});

test("what is not given has its default", () => {
  const { options } = read("a.mp4");
  assert.deepEqual(
    { ...options },
    {
      port: 9090,
      lines: undefined,
      limit: [],
      age: undefined,
      mode: "none",
      track: true,
      json: false,
      config: undefined,
      quiet: false,
      verbose: false,
      color: true,
      help: false,
    },
  );
});

test("an option that may go without a value takes the next word, unless that is an option", () => {
  assert.equal(read("a.mp4 --lines out.jsonl").options["lines"], "out.jsonl");
  assert.equal(read("a.mp4 --lines -").options["lines"], "-");
  assert.equal(read("a.mp4 --lines --json").options["lines"], "-");
  assert.equal(read("a.mp4 --lines").options["lines"], "-");
  assert.deepEqual(read("--lines -- --lines").args, ["--lines"]);
});

test("a flag wins over a variable, that over the config file, that over the default", (t) => {
  const folder = folderWith(t, { watch: { port: 1, mode: "some", track: false, limit: ["a", "b"], source: "c.mp4" }, other: { nothing: 1 } });
  const env = { INFEROMETER_PORT: "2", INFEROMETER_MODE: "none", INFEROMETER_TRACK: "yes", INFEROMETER_LIMIT: "" };
  const { options, args } = read("--port 3", { env, folder });
  assert.deepEqual(
    { port: options["port"], mode: options["mode"], track: options["track"], limit: options["limit"], args },
    { port: 3, mode: "none", track: true, limit: ["a", "b"], args: ["c.mp4"] },
  );
  assert.equal(read("a.mp4", { env: {}, folder }).options["port"], 1);
  assert.deepEqual(read("a.mp4", { env: {}, folder }).args, ["a.mp4"]);
});

test("the config file is the one that --config or its variable names", (t) => {
  const folder = folderWith(t, { watch: { port: 7 } });
  const path = join(folder, "inferometer.config.json");
  assert.equal(read(`a --config ${path}`).options["port"], 7);
  assert.equal(read("a", { env: { INFEROMETER_CONFIG: "inferometer.config.json" }, folder }).options["port"], 7);
});

test("a mistake is named with the way out", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["a --prot 3", /no option --prot\. Did you mean "--port"\?/],
    ["a --no-port", /no option --no-port/],
    ["a -x", /no option -x/],
    ["a --port", /--port needs a value\. Write --port <n>/],
    ["a --port --json", /--port needs a value, and the next word is "--json"/],
    ["a --port 1.5", /--port is "1\.5"\. Give a whole number from 0 to 65535/],
    ["a --port=", /--port is ""/],
    ["a --port 70000", /--port is "70000"/],
    ["a --json=1", /--json takes no value, and got "1"/],
    ["a --mode any", /--mode is "any"\. Give none or some/],
    ["a --age 5", /--age is "5"\. Give a number and a unit/],
    ["a --constructor", /no option --constructor/],
    ["--json", /watch needs a source\. Write: inferometer watch <source>/],
    ["a b c", /watch got "c" as well\. Give at most 2/],
    ["a --config nothing.json", /config file \/nowhere\/nothing\.json does not exist/],
  ];
  for (const [words, message] of cases) assert.throws(() => read(words), { name: "UsageError", message }, words);
  assert.throws(() => read("a", { ...none, env: { INFEROMETER_PORT: "x" } }), /INFEROMETER_PORT is "x"/);
});

test("a mistake in the config file is named with the file", (t) => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ["{", /is not JSON/],
    [[], /has another shape than \{ "watch"/],
    [{ watch: 3 }, /has another shape/],
    [{ watch: { prot: 3 } }, /"prot" of "watch" in .*inferometer\.config\.json is not an option\. Did you mean "port"\?/],
    [{ watch: { port: "x" } }, /"port" of "watch" in .* is "x"/],
    [{ watch: { json: 3 } }, /is 3\. Give true or false/],
    [{ watch: { source: [3] } }, /is 3\. Give text/],
  ];
  for (const [config, message] of cases) assert.throws(() => read("a", { env: {}, folder: folderWith(t, config) }), { name: "UsageError", message });
});

test("who asks for help gets it, whatever else is missing or wrong with the surroundings", () => {
  assert.equal(read("--help", { ...none, env: { INFEROMETER_PORT: "x" } }).options["help"], true);
});
