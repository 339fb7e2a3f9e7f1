// Runs the tests on other Nodes, which npx fetches: npm run test:matrix [-- 22 24 26]
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(resolve(fileURLToPath(import.meta.url), "../.."));
const wanted = process.argv.slice(2);
const failed = [];
for (const version of wanted.length > 0 ? wanted : ["22", "24"]) {
  console.log(`\n=== Node ${version} ===`);
  // The version goes to the report, so that nobody takes one Node for another.
  const command = ["-y", "-p", `node@${version}`, "node", "-e", "console.log(process.version); import('./tools/test.mjs')"];
  const { status } = spawnSync("npx", command, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) failed.push(version);
}
if (failed.length > 0) {
  console.error(`matrix: failed on Node ${failed.join(", ")}`);
  process.exit(1);
}
