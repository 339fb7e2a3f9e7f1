// Runs the compiled tests with node's own runner, and fails when none ran.
// npm test [-- part-of-a-path ...] [--node-option=value ...]      for example: npm test -- histogram --test-name-pattern=NaN
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "./programs.mjs";

process.chdir(resolve(fileURLToPath(import.meta.url), "../.."));
const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith("-"));
const parts = args.filter((arg) => !arg.startsWith("-"));

// Named by the sources: a compiled test whose source is gone does not run, and one that was not compiled is noticed.
const sources = ["test", "examples", ...readdirSync("packages").map((name) => `packages/${name}`)]
  .flatMap((workspace) => filesIn(`${workspace}/src`))
  .filter((path) => path.endsWith(".test.ts") && (parts.length === 0 || parts.some((part) => path.includes(part))))
  .sort();
if (sources.length === 0) fail(`no test file${parts.length > 0 ? ` with "${parts.join('" or "')}" in its path` : ""}`);
const files = sources.map((path) => path.replace("/src/", "/dist/").replace(/ts$/, "js"));
const absent = files.filter((path) => !existsSync(path));
if (absent.length > 0) fail(`not compiled: ${absent.join(", ")}. Run: npm run build`);

// One reporter for people, one for the count. Node runs one file less at a time than there are cores: tests start threads and servers of their own.
mkdirSync(".tools", { recursive: true });
const folder = mkdtempSync(".tools/test-");
const tap = join(folder, "tests.tap");
const { status, signal } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-timeout=600000", // a file that hangs must not hang the run
    ...["--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=tap", `--test-reporter-destination=${tap}`],
    ...options,
    ...files,
  ],
  { stdio: "inherit", env: environment() },
);
const report = existsSync(tap) ? readFileSync(tap, "utf8") : "";
rmSync(folder, { recursive: true });
const closing = report
  .split("\n")
  .slice(-12)
  .filter((line) => /^# (tests|pass|fail|cancelled|skipped|todo) \d+$/.test(line));
console.log(closing.join("\n"));
if (status !== 0) fail(signal === null ? "some tests failed" : `node was stopped by ${signal}`);
const hollow = report.match(/^ok \d+ - .*\.test\.js$/m); // node counts a file without tests as a test that passed
if (hollow) fail(`a file without a test: ${hollow[0]}`);
if (!closing.some((line) => /^# pass [1-9]/.test(line))) fail("no test ran");

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

function fail(message) {
  console.error(`test: ${message}`);
  process.exit(1);
}
