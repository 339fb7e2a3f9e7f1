// npm run bench -- [core] [exposition] [memory] [load] [vision-metrics] [host] [vision] [--quick] [--write]
//   Without names: all. --quick: fewer rounds, for a first look. --write: puts the tables into RESULTS.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { installRivals } from "./install.mjs";

const SUITES = {
  core: async () => (await import("./core/suite.mjs")).core,
  exposition: async () => (await import("./exposition/suite.mjs")).exposition,
  memory: async () => (await import("./memory/suite.mjs")).memory,
  load: async () => (await import("./load/suite.mjs")).load,
  "vision-metrics": async () => (await import("./vision-metrics/suite.mjs")).visionMetrics,
  host: async () => (await import("./host/suite.mjs")).host,
  vision: async () => (await import("./vision/suite.mjs")).vision,
};
const RESULTS = new URL("RESULTS.md", import.meta.url);

const options = process.argv.slice(2).filter((word) => word.startsWith("--"));
const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const unknown = [...names.filter((name) => !(name in SUITES)), ...options.filter((option) => option !== "--quick" && option !== "--write")];
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(" ")}. Use: npm run bench -- [${Object.keys(SUITES).join("] [")}] [--quick] [--write]`);
  process.exit(2);
}

installRivals();
const { markdown } = await import("./table.mjs");
const quick = options.includes("--quick");
const sections = new Map();
const problems = [];

for (const name of names.length > 0 ? names : Object.keys(SUITES)) {
  const suite = await SUITES[name]();
  const load = loadavg()[0];
  const started = performance.now();
  const results = [await suite({ quick, onStep: step })].flat();
  step("");
  const took = Math.round((performance.now() - started) / 1000);
  const machine = `${cpus().length} x ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}`;
  const when = `${new Date().toISOString().slice(0, 10)}; ${machine}; load ${load.toFixed(1)} before; ${took} s${quick ? "; --quick" : ""}`;
  const section = results.map(({ title, text, table }) => `## ${title}\n${text}\n\n${markdown(table)}\n`).join("\n");
  console.log(`\n${section}\n${when}`);
  sections.set(name, `${section}\n${when}\n`);
  for (const result of results) {
    problems.push(...(result.problems ?? []));
    for (const row of result.table.slice(1)) if (/below|beaten|not measured/.test(row.at(-1))) problems.push(`${row[0]}: ${row.at(-1)}`);
  }
}

console.log(
  problems.length === 0 ? "\nEvery target is met, and no rival beats us." : `\nTo mend:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
);
// What stands there is read only now: another suite may have written meanwhile.
if (options.includes("--write"))
  writeFileSync(RESULTS, resultsText(new Map([...(existsSync(RESULTS) ? sectionsOf(readFileSync(RESULTS, "utf8")) : []), ...sections])));

function step(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Each suite's part stands between two marks, so that one suite can be run anew alone. */
function sectionsOf(text) {
  return new Map([...text.matchAll(/<!-- ([\w-]+) -->\n([\s\S]*?)<!-- end -->/g)].map(([, name, section]) => [name, section]));
}

function resultsText(sections) {
  const intro =
    "# Results\nWritten by `npm run bench -- --write`; not by hand. CPU time, one process a library and case, interleaved in rounds that begin with another\n" +
    "library each; medians over the rounds. A ratio says how many times more the rival needs (in brackets: smallest and largest of the rounds).\n" +
    "Trust the ratios: nanoseconds and milliseconds are this machine's.\n";
  const parts = Object.keys(SUITES)
    .filter((name) => sections.has(name))
    .map((name) => `<!-- ${name} -->\n${sections.get(name)}<!-- end -->\n`);
  return `${intro}\n${parts.join("\n")}`;
}
