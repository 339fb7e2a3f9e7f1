// Runs before `npm start` and `npm test`, also in a fresh clone: built-ins only. It brings what is missing and nothing else.
// node tools/setup.mjs [--for test]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { provide } from "./system-packages.mjs";

process.chdir(resolve(fileURLToPath(import.meta.url), "../.."));
checkNode();
installPackages();
build();
await join();
fetchPrograms();

function checkNode() {
  const { node: range } = readJson("package.json").engines;
  if (allows(range, process.versions.node)) return;
  fail(`Node ${process.versions.node} is not supported: this project needs Node ${range}. Install one from https://nodejs.org.`);
}

/** Knows the two forms that our ranges use: ^1.2.3 and >=1.2.3. */
function allows(range, version) {
  const numbers = (text) => text.split(".").map(Number);
  const [major, minor] = numbers(version);
  return range.split("||").some((part) => {
    const [, sign, wanted] = /^\s*(\^|>=)([\d.]+)\s*$/.exec(part);
    const [wantedMajor, wantedMinor] = numbers(wanted);
    return major === wantedMajor ? minor >= wantedMinor : sign === ">=" && major > wantedMajor;
  });
}

/**
 * `npm ci`, when node_modules is not what the lock file says, or was made for another Node. Without install scripts: no package here needs
 * its own, and that of onnxruntime-node fails where its GPU libraries cannot be fetched.
 */
function installPackages() {
  const abi = `${process.platform} ${process.arch} ${process.versions.modules}\n`;
  const stamp = ".tools/node-abi";
  const known = existsSync(stamp) ? readFileSync(stamp, "utf8") : abi;
  if (!matchesLock() || known !== abi) {
    say("installing npm packages ...");
    const npm = process.env.npm_execpath; // set by npm to its own script
    if (npm?.endsWith(".js")) run(process.execPath, [npm, "ci", "--ignore-scripts"]);
    else run("npm", ["ci", "--ignore-scripts"], { shell: process.platform === "win32" });
  }
  mkdirSync(".tools", { recursive: true });
  if (!existsSync(stamp) || known !== abi) writeFileSync(stamp, abi);
}

/** npm writes what it has installed to node_modules/.package-lock.json, last of all. Optional packages may be for other platforms. */
function matchesLock() {
  const state = "node_modules/.package-lock.json";
  if (!existsSync(state)) return false;
  const installed = readJson(state).packages;
  return Object.entries(readJson("package-lock.json").packages).every(
    ([path, entry]) =>
      path === "" || entry.optional || (installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity),
  );
}

/** tsc looks itself for what has changed. Called without its start script, which takes longer than a build that finds nothing to do. */
function build() {
  const native = `node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib/tsc`;
  if (existsSync(native)) run(native, ["-b"]);
  else run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"]);
}

/** Imported only now: it needs a package that the first step brings. */
async function join() {
  const { bundle } = await import("./bundle.mjs");
  await bundle();
}

function fetchPrograms() {
  const at = process.argv.indexOf("--for");
  if (at === -1) return;
  const missing = provide(process.argv[at + 1], say);
  if (missing.length === 0) return;
  const advice = `Not found; to get it: ${missing.join("; ")}`;
  if (process.env.CI) fail(advice);
  say(`${advice}. Until then the tests that need it are skipped.`);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2], ...options });
  if (status !== 0) fail(error ? `${command}: ${error.message}` : `"${[command, ...args].join(" ")}" failed; its message is above.`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function say(message) {
  console.error(`setup: ${message}`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
