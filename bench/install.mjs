import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { otelFolder } from "./otel.mjs";

/** Installs the rivals of these folders when they are missing, or older than their lock file. Default: those that most suites need. */
export function installRivals(folders = new Set(["./", otelFolder])) {
  for (const folder of folders) {
    const at = (path) => fileURLToPath(new URL(folder + path, import.meta.url));
    const installed = at("node_modules/.package-lock.json");
    if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(at("package-lock.json")).mtimeMs) continue;
    console.log(`Installing the rivals (npm ci in bench/${folder.slice(0, -1).replace(".", "")}) …`);
    // Some rivals name newer Node versions than they need; and esbuild runs without its install script.
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
      cwd: at("."),
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    if (status !== 0) throw new Error(`npm ci failed in ${at(".")}: its message is above.`);
  }
}
