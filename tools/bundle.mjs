// Joins the compiled files of @inferometer/metrics into a file an entry: Node takes about a millisecond of CPU for each module it loads
// (bench/load: the import falls from some 40 to 5 ms). Run by tools/setup.mjs after tsc; does nothing when nothing was compiled since.
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
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
  await build({
    absWorkingDir: home,
    // Files of threads and child processes are named by URL, so they are entries too.
    entryPoints: [...entryPoints, "dist/exporter/thread-worker.js", "dist/exporter/bcrypt-worker.js", "dist/collectors/gpu/nvml-child.js"],
    outdir: "bundle",
    outbase: "dist",
    // What several entries share lies beside the threads' files, which it names relative to itself.
    chunkNames: "exporter/shared-[hash]",
    bundle: true,
    splitting: true,
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
  });
  writeFileSync(stamp, "");
  utimesSync(stamp, compiled, compiled);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
