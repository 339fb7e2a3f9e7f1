import { inChild } from "../child.mjs";
import { median } from "../rounds.mjs";
import { number } from "../table.mjs";
import { nodeExporterVersion, pause, startAgent, startNodeExporter } from "./exporters.mjs";
import { largeTree } from "./large-tree.mjs";

/** Before this many scrapes a program is not warm: V8 still compiles. */
const WARM_UP = 600;
const SECONDS_APART = 3;

/** The machine's metrics: `inferometer agent` against node_exporter with the same collectors. */
export async function host({ quick, onStep }) {
  const version = nodeExporterVersion();
  if (process.platform !== "linux" || version === undefined)
    throw new Error("The suite host needs Linux and node_exporter: node tools/setup.mjs --for test");
  const rows = [];
  await small({ quick, onStep, rows });
  await large({ quick, onStep, rows });
  onStep("memory of host() in a service");
  const { mib } = await inChild("host/embedded-child.mjs", {}, { execArgv: ["--expose-gc"] });
  rows.push({ id: "host() added to a running service, MiB", ours: [mib], most: 2 });
  rows.push({ id: "garbage collections in 50 scrapes", ours: [await collections({ onStep })], most: 0 });
  return {
    title: "Host: a scrape of the machine",
    text:
      "`inferometer agent` against node_exporter with the same 21 collectors, both over HTTP on a connection that stays, in turns. CPU milliseconds a scrape of the whole process, " +
      `all threads, from the scheduler's count in /proc; after ${WARM_UP} scrapes. One scrape in ${SECONDS_APART} s: both idle meanwhile, caches grow cold. "Large": a folder that ` +
      'shows 64 CPUs, 36 disks, 43 interfaces and 66 sensors to both. "gzip": compressed, as Prometheus asks for. ' +
      '"Nobody asks": a minute after the last scrape, in the first of which V8 tidies up. ' +
      "Added memory: heap and buffers after garbage collection. Garbage collections: of any kind, in 50 scrapes of the warm agent, five a second.",
    table: [["case", "ours", `node_exporter ${version}`, "ours / theirs", "target", "verdict"], ...rows.map(rowOf)],
  };
}

async function small({ quick, onStep, rows }) {
  await together({}, async (both) => {
    await warm(both, onStep);
    const rounds = quick ? 3 : 6;
    rows.push({ id: "hot loop, ms", ...(await hot(both, { rounds, scrapes: 150, onStep })), most: 0.35, ratio: true });
    rows.push({ id: "hot loop, gzip, ms", ...(await hot(both, { rounds, scrapes: 150, gzip: true, onStep })) });
    rows.push({
      id: `one scrape in ${SECONDS_APART} s, ms`,
      ...(await seldom(both, { rounds: quick ? 2 : 4, scrapes: quick ? 3 : 5, onStep })),
      most: 0.7,
      ratio: true,
    });
    for (const [id, seconds] of [
      ["the first minute in which nobody asks, ms", 60],
      ["nobody asks, ms a minute", 20],
    ]) {
      onStep(id);
      const before = both.map((each) => each.cpuMs());
      await pause(seconds * 1000);
      const [ours, theirs] = both.map((each, k) => [((each.cpuMs() - before[k]) / seconds) * 60]);
      rows.push({ id, ours, theirs });
    }
    rows.push({ id: "resident memory, MiB", ours: [both[0].rssMiB()], theirs: [both[1].rssMiB()] });
  });
}

async function large({ quick, onStep, rows }) {
  const tree = largeTree();
  try {
    await together({ tree: tree.path }, async (both) => {
      await warm(both, onStep);
      rows.push({ id: "large, hot loop, ms", ...(await hot(both, { rounds: quick ? 2 : 4, scrapes: 40, onStep })), most: 0.1, ratio: true });
    });
  } finally {
    tree[Symbol.dispose]();
  }
}

async function together(options, work) {
  const both = [await startAgent(options)];
  try {
    both.push(await startNodeExporter(options));
    await work(both);
  } finally {
    for (const each of both) await each.stop();
  }
}

async function warm(both, onStep) {
  onStep("warming up");
  for (const each of both) for (let k = 0; k < WARM_UP; k++) await each.scrape({ gzip: k % 4 === 0 });
}

/** ABAB: some scrapes of one, as many of the other, again and again. */
async function hot(both, { rounds, scrapes, gzip = false, onStep }) {
  const all = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
      onStep(`hot loop, round ${round + 1} of ${rounds}`);
      const before = both[which].cpuMs();
      for (let k = 0; k < scrapes; k++) await both[which].scrape({ gzip });
      all[which].push((both[which].cpuMs() - before) / scrapes);
    }
  }
  return { ours: all[0], theirs: all[1] };
}

/** Both at the same low rate, half an interval apart. */
async function seldom(both, { rounds, scrapes, onStep }) {
  const all = [[], []];
  for (let round = 0; round < rounds; round++) {
    onStep(`a scrape in ${SECONDS_APART} s, round ${round + 1} of ${rounds}`);
    const before = both.map((each) => each.cpuMs());
    for (let k = 0; k < scrapes; k++) {
      for (const each of both) {
        await pause((SECONDS_APART * 1000) / both.length);
        await each.scrape();
      }
    }
    for (const which of [0, 1]) all[which].push((both[which].cpuMs() - before[which]) / scrapes);
  }
  return { ours: all[0], theirs: all[1] };
}

async function collections({ onStep }) {
  onStep("garbage collections");
  let count = 0;
  const agent = await startAgent({ execArgv: ["--trace-gc"], onLine: (line) => (count += / ms: (Scavenge|Mark-Compact)/.test(line) ? 1 : 0) });
  try {
    for (let k = 0; k < WARM_UP; k++) await agent.scrape();
    await pause(500);
    count = 0;
    for (let k = 0; k < 50; k++) {
      await agent.scrape();
      await pause(200);
    }
    return count;
  } finally {
    await agent.stop();
  }
}

function rowOf({ id, ours, theirs, most, ratio }) {
  const ratios = theirs === undefined ? [] : ours.map((value, k) => value / theirs[k]);
  const quotient = theirs === undefined || median(theirs) === 0 ? undefined : median(ours) / median(theirs);
  const judged = ratio ? quotient : median(ours);
  return [
    id,
    number(median(ours)),
    theirs === undefined ? "–" : number(median(theirs)),
    quotient === undefined
      ? "–"
      : `${number(quotient)}${ratios.length > 1 ? ` (${number(Math.min(...ratios))}–${number(Math.max(...ratios))})` : ""}`,
    most === undefined ? "–" : `at most ${most}`,
    most === undefined ? "–" : judged <= most ? "ok" : "below",
  ];
}
