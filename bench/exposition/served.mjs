import { stayingChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number, rivalTable } from "../table.mjs";
import { totalOf } from "./filled.mjs";
import { pause, scrape } from "./get.mjs";
import { AT_A_MILLION } from "./million.mjs";

const SCRAPES = 5;
const peakAbove = (all) => Math.max(...all.map(({ peakMb }) => peakMb)) - all[0].residentMb;
const longest = (all, key) => Math.max(...all.map((one) => one[key]));

/** What a scrape over HTTP, answered on the main thread, does to the process that serves it. */
export async function served({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const stalls = quick ? 2 : 3;
  // Several figures of the same scrapes: they are measured with the first row of each size, and kept for the others.
  const rows = [
    { id: "longest stall at 100k, CPU ms", series: 100_000, of: (all) => longest(all.slice(1), "cpuMs"), most: 10, rounds: stalls },
    { id: "… by the wall clock, ms", series: 100_000, of: (all) => longest(all.slice(1), "wallMs"), most: 10, rounds: stalls },
    { id: "… in the first scrape, CPU ms", series: 100_000, of: (all) => longest(all.slice(0, 1), "cpuMs"), most: 10, rounds: stalls },
    { id: "memory added by scrapes at 1M, MiB", series: 1_000_000, of: peakAbove, target: 8, rounds: 1 },
  ];
  const idle = [];
  const kept = new Map();
  const results = await interleaved({
    rows,
    clients,
    rounds: stalls,
    onStep,
    async measure(row, client) {
      if (row.series === 1_000_000 && !AT_A_MILLION.includes(client)) return null;
      let all = kept.get(client);
      if (all?.series !== row.series || all.used.has(row)) {
        all = await scrapes(client, row.series);
        idle.push(all.idle.wallMs);
        kept.set(client, all);
      }
      all.used.add(row);
      return row.of(all);
    },
  });
  return {
    title: "Exposition: a scrape over HTTP, inline",
    text:
      "The server runs on the main thread, the scraper in another process; 1 % of the counters change before each scrape. " +
      `Stall: the longest turn of the event loop in ${SCRAPES - 1} scrapes after the first; the first one, in which much code runs for the first time, is shown by itself. ` +
      `By the wall clock other processes count, too: without a scrape the longest turn in 0.2 s was ${number(median(idle))} ms in the median and ${number(Math.max(...idle))} ms at most. ` +
      `Memory: peak resident memory in ${SCRAPES} scrapes, the first one included, above that before.`,
    table: rivalTable({ rows, clients, results, reference: REFERENCE }),
  };
}

async function scrapes(client, series) {
  const child = await stayingChild("exposition/served-child.mjs", { client, series }, { execArgv: ["--expose-gc"] });
  try {
    const all = Object.assign([], { series, used: new Set() });
    let { total } = child.ready;
    for (let k = 0; k < SCRAPES; k++) {
      const { residentMb } = await child.ask({ act: "watch" });
      const chunks = await scrape(child.ready.port);
      all.push({ residentMb, ...(await child.ask({ act: "watched" })) });
      if (totalOf(chunks) !== total) throw new Error(`${client}: the scrape adds up to ${totalOf(chunks)}, not ${total}`);
      ({ total } = await child.ask({ act: "change", share: 0.01 }));
    }
    await child.ask({ act: "watch" });
    await pause(200);
    all.idle = await child.ask({ act: "watched" });
    return all;
  } finally {
    await child.stop();
  }
}
