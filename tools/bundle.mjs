// Joins the compiled files of @inferometer/metrics into a file an entry: Node takes about a millisecond of CPU for each module it loads
// (bench/load: the import falls from some 40 to 5 ms). Run by tools/setup.mjs after tsc; does nothing when nothing was compiled since.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const home = resolve(fileURLToPath(import.meta.url), "../../packages/metrics");
const at = (path) => resolve(home, path);

export async function bundle() {
  const stamp = at("bundle/.compiled");
  const compiled = statSync(at("dist/.tsbuildinfo")).mtime;
  if (
    existsSync(stamp) &&
    statSync(stamp).mtimeMs === compiled.getTime() &&
    statSync(at("package.json")).mtimeMs < statSync(at("bundle/index.js")).mtimeMs
  )
    return;
  const { exports: entries } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const entryPoints = Object.values(entries).flatMap((entry) => (entry.default === undefined ? [] : entry.default.replace("./bundle/", "dist/")));
  const { build } = await import("esbuild");
  rmSync(at("bundle"), { recursive: true, force: true });
  const options = {
    absWorkingDir: home,
    bundle: true,
    // Less to read and to parse; names stay, since people meet them in stack traces and in console.log.
    minifyWhitespace: true,
    minifySyntax: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  };
  // The core is one file, whoever shares which part of it: split by who needs what, it was seven, and the import took 11.6 ms and takes 9.1 (bench/load).
  const core = readdirSync(at("src/core")).filter((name) => name.endsWith(".ts") && !/\.test(-|\.)/.test(name) && name !== "index.ts");
  await build({
    ...options,
    stdin: { contents: core.map((name) => `export * from "./dist/core/${name.replace(".ts", ".js")}";`).join("\n"), resolveDir: home },
    outfile: "bundle/core.js",
  });
  await build({
    ...options,
    // Files of threads and child processes are named by URL, so they are entries too.
    entryPoints: [...entryPoints, "dist/exporter/thread-worker.js", "dist/exporter/bcrypt-worker.js", "dist/collectors/gpu/nvml-child.js"],
    outdir: "bundle",
    outbase: "dist",
    // What several entries share lies beside the threads' files, which it names relative to itself.
    chunkNames: "exporter/shared-[hash]",
    splitting: true,
    plugins: [{ name: "core", setup: ({ onResolve }) => onResolve({ filter: /^\.{1,2}\// }, inCore) }],
  });
  // The first file people import names the core by its place: to look the name up in package.json takes a millisecond.
  writeFileSync(at("bundle/index.js"), readFileSync(at("bundle/index.js"), "utf8").replaceAll('"#core"', '"./core.js"'));
  writeFileSync(stamp, "");
  utimesSync(stamp, compiled, compiled);
}

/** What lies in the core is imported from its one file, by the name that package.json has for it. */
function inCore({ path, resolveDir }) {
  const file = resolve(resolveDir, path);
  return file.startsWith(at("dist/core/")) && file !== at("dist/core/index.js") ? { path: "#core", external: true, sideEffects: false } : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
