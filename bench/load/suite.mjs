import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { inChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { otelFolder } from "../otel.mjs";
import { interleaved } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";

const rivals = createRequire(import.meta.url);
const otel = createRequire(new URL(`../${otelFolder}package.json`, import.meta.url));
const ours = new URL("../../packages/metrics/", import.meta.url);

const MODULES = {
  floor: ["data:text/javascript,"],
  inferometer: [new URL("bundle/index.js", ours).pathname],
  "prom-client": [rivals.resolve("prom-client")],
  "@prometheus-io/client": [rivals.resolve("@prometheus-io/client")],
  opentelemetry: [otel.resolve("@opentelemetry/sdk-metrics"), otel.resolve("@opentelemetry/exporter-prometheus")],
};

// What a service needs of them to count and to have its metrics exposed; ours without formats and exporter, which are entries of their own.
const METRICS = "{ Registry, Counter, Gauge, Histogram, Summary }";
const USED = {
  inferometer: ["{ Registry }"],
  "prom-client": [METRICS],
  "@prometheus-io/client": [METRICS],
  opentelemetry: ["{ MeterProvider }", "{ PrometheusExporter }"],
};

const ROWS = [
  { id: "import, CPU ms", of: async (client) => (await imported(client)).ms, most: 10, floor: true },
  { id: "heap after import, MiB", of: async (client) => (await imported(client)).heapMb, floor: true },
  { id: "runtime dependencies", of: (client) => dependencies(client).size, most: 0, rounds: 1 },
  { id: "bundle for use, minified, KB", of: async (client) => (await bundle(client, USED)).length / 1000, most: 15, rounds: 1 },
  { id: "bundle for use, gzip, KB", of: async (client) => gzipSync(await bundle(client, USED), { level: 9 }).length / 1000, rounds: 1 },
  { id: "bundle of all, minified, KB", of: async (client) => (await bundle(client)).length / 1000, rounds: 1 },
];

const measure = async (row, client) => (client === "floor" && !row.floor ? null : row.of(client));

/** What a library costs before it is used. */
export async function load({ quick, onStep }) {
  const clients = Object.keys(clientTitles());
  const results = await interleaved({ rows: ROWS, clients, rounds: quick ? 3 : 11, onStep, measure });
  return {
    title: "Load: before the first record",
    text:
      "CPU and heap of an `import` in a fresh process; floor: an empty module. Dependencies: packages that come along, theirs included. Bundle: esbuild, for Node, Node's own modules left out; " +
      '"for use": the registry and every kind of metric; "of all": all that the entry exports. Ours is `@inferometer/metrics`: its formats and its exporter are entries of ' +
      "their own, while the rivals' are inside. OpenTelemetry: sdk-metrics and exporter-prometheus.",
    table: rivalTable({ rows: ROWS, clients, results, reference: REFERENCE }),
  };
}

const imported = (client) => inChild("load/child.mjs", { modules: MODULES[client] }, { execArgv: ["--expose-gc"] });

async function bundle(client, used) {
  // Ours as tsc made it: a bundler of the user starts from the modules that it can take apart.
  const sources = MODULES[client].map((path) => path.replace("/metrics/bundle/", "/metrics/dist/"));
  const contents = sources.map((path, k) => `export ${used?.[client][k] ?? "*"} from ${JSON.stringify(path)};`).join("\n");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: new URL(".", import.meta.url).pathname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  return outputFiles[0].contents;
}

/** The packages that an installation brings, besides those asked for. */
function dependencies(client) {
  if (client === "inferometer") return new Set(Object.keys(JSON.parse(readFileSync(new URL("package.json", ours), "utf8")).dependencies ?? {}));
  const asked = client === "opentelemetry" ? ["@opentelemetry/sdk-metrics", "@opentelemetry/exporter-prometheus", "@opentelemetry/api"] : [client];
  const lock = lockOf(client === "opentelemetry" ? otelFolder : "./");
  const found = new Set();
  const visit = (name) => {
    const at = lock[`node_modules/${name}`];
    for (const next of Object.keys({ ...at.dependencies, ...at.peerDependencies })) {
      if (found.has(next) || at.peerDependenciesMeta?.[next]?.optional) continue;
      found.add(next);
      visit(next);
    }
  };
  asked.forEach(visit);
  for (const name of asked) found.delete(name);
  return found;
}

const lockOf = (folder) => JSON.parse(readFileSync(new URL(`../${folder}package-lock.json`, import.meta.url), "utf8")).packages;
