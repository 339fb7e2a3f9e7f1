// What tests, benchmarks and `npm start` need of the system and npm does not carry: where it is. system-packages.mjs fetches it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Debian's packages are unpacked here, where they are not installed. */
export const unpacked = join(resolve(fileURLToPath(import.meta.url), "../.."), ".tools/debian");

/** The files that stand for themselves, without a program, below / or `unpacked`. */
export const FILES = { "vtest.avi": "usr/share/doc/opencv-doc/examples/data/vtest.avi" };

/** The environment in which unpacked programs and modules are found too. */
export function environment(env = process.env) {
  const add = (value, path) => (value ? `${value}${delimiter}${path}` : path);
  return {
    ...env,
    PATH: add(env.PATH, join(unpacked, "usr/bin")),
    PYTHONPATH: add(env.PYTHONPATH, join(unpacked, "usr/lib/python3/dist-packages")),
  };
}

/** The path of a program on PATH or of an unpacked one; that of one of FILES; undefined where there is none. */
export function whereIs(name) {
  if (FILES[name] !== undefined) return ["/", unpacked].map((folder) => join(folder, FILES[name])).find((path) => existsSync(path));
  if (name === "prometheus_client") return pythonWith(name);
  const path = environment()
    .PATH.split(delimiter)
    .map((folder) => resolve(folder, name))
    .find(runs);
  return name === "cc" && path !== undefined && !compiles(path) ? undefined : path;
}

/** Options for a test that needs these: it is skipped where one is missing, but fails in CI. */
export function unlessMissing(...names) {
  const missing = names.filter((name) => whereIs(name) === undefined).join(", ");
  if (missing === "") return {};
  assert.ok(!process.env.CI, `${missing} is missing, and CI must have it. Run: node tools/setup.mjs --for test`);
  return { skip: `${missing} is not installed; run: node tools/setup.mjs --for test` };
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile(); // root may "execute" a folder
  } catch {
    return false;
  }
}

/** Debian's Python, the one that Debian's Python packages are for, if it has the module. */
function pythonWith(module) {
  const python = "/usr/bin/python3";
  const code = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  return spawnSync(python, ["-c", code], { env: environment() }).status === 0 ? python : undefined;
}

/** A compiler without the C library's headers is of no use, and Debian has them in a package of their own. */
function compiles(cc) {
  return spawnSync(cc, ["-E", "-x", "c", "-"], { input: "#include <stdio.h>\n", stdio: ["pipe", "ignore", "ignore"] }).status === 0;
}
