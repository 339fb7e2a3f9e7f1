import { stayingChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number, rivalTable } from "../table.mjs";
import { totalOf } from "./filled.mjs";
import { pause, scrape } from "./get.mjs";

const STALL = { id: "longest stall at 100k, ms", series: 100_000, scrapes: 5, of: (all) => Math.max(...all.map(({ wallMs }) => wallMs)), most: 10 };
const MEMORY = {
  id: "memory added by scrapes at 1M, MiB",
  series: 1_000_000,
  scrapes: 2,
  of: (all) => Math.max(...all.map(({ peakMb }) => peakMb)) - all[0].residentMb,
  target: 8,
};

/** What a scrape over HTTP, answered on the main thread, does to the process that serves it. */
export async function served({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const rows = [
    { ...STALL, rounds: quick ? 2 : 5 },
    { ...MEMORY, rounds: quick ? 1 : 3 },
  ];
  const idle = [];
  const cpu = [];
  const results = await interleaved({
    rows,
    clients,
    rounds: quick ? 2 : 5,
    onStep,
    async measure(row, client) {
      const all = await scrapes(client, row);
      if (row.id === STALL.id) idle.push(all.idle.wallMs);
      if (row.id === STALL.id && client === "inferometer") cpu.push(Math.max(...all.map(({ cpuMs }) => cpuMs)));
      return row.of(all);
    },
  });
  return {
    title: "Exposition: a scrape over HTTP, inline",
    text:
      "The server runs on the main thread, the scraper in another process; 1 % of the counters change before each scrape. " +
      `Stall: the longest turn of the event loop by the wall clock, in ${STALL.scrapes} scrapes, the first one included (without a scrape, the same loop's longest turn on this machine: ` +
      `${number(median(idle))} ms in the median, ${number(Math.max(...idle))} at most; our longest by CPU time: ${number(median(cpu))} ms). ` +
      "Memory: peak resident memory in two scrapes, the first one included, above that before.",
    table: rivalTable({ rows, clients, results, reference: REFERENCE }),
  };
}

async function scrapes(client, { series, scrapes: count }) {
  const child = await stayingChild("exposition/served-child.mjs", { client, series }, { execArgv: ["--expose-gc", "--max-old-space-size=8192"] });
  try {
    const all = [];
    let { total } = child.ready;
    for (let k = 0; k < count; k++) {
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
