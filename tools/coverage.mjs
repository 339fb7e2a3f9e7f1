// Line coverage of packages/metrics by all tests, in terms of the sources. Fails below the floor. Details: coverage/index.html
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const FLOOR = 95; // percent of lines

process.chdir(resolve(fileURLToPath(import.meta.url), "../.."));
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/c8/bin/c8.js",
    ...["--all", "--src", "packages/metrics", "--include", "packages/metrics/src/**", "--exclude-after-remap"],
    ...["**/*.test.ts", "**/*.test.*.ts", "**/*.test-d.ts", ...typesOnly()].flatMap((path) => ["--exclude", path]),
    ...["--check-coverage", "--lines", String(FLOOR), "--reporter", "text", "--reporter", "html", "--temp-directory", ".tools/coverage"],
    ...[process.execPath, "tools/test.mjs", ...process.argv.slice(2)],
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);

/** Sources that compile to nothing but comments: no test can run a line of them. */
function typesOnly() {
  const folder = "packages/metrics/dist";
  const comments = /\/\/.*|\/\*[\s\S]*?\*\//g;
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".js") && readFileSync(`${folder}/${name}`, "utf8").replace(comments, "").trim() === "export {};")
    .map((name) => `packages/metrics/src/${name.replaceAll("\\", "/").replace(/js$/, "ts")}`);
}
