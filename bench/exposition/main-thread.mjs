import { readFileSync } from "node:fs";
import { stayingChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved, median } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";
import { totalOf } from "./filled.mjs";
import { pause, scrape } from "./get.mjs";
import { AT_A_MILLION } from "./million.mjs";

const ROWS = [
  { id: "10k", series: 10_000, most: 0.5 },
  { id: "100k", series: 100_000, most: 0.5 },
  { id: "1M", series: 1_000_000, most: 0.5, slow: true },
];

/** CPU that a scrape over HTTP takes from the main thread; ours is served by the exporter's own thread. */
export async function mainThread({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const rows = ROWS.map((row) => ({ ...row, rounds: row.slow || quick ? 1 : 3 }));
  const results = await interleaved({
    rows,
    clients,
    rounds: quick ? 1 : 3,
    onStep,
    measure: async (row, client) => (row.slow && !AT_A_MILLION.includes(client) ? null : perScrape(client, row.series)),
  });
  return {
    title: "Exposition: a scrape over HTTP, with the exporter's thread",
    text:
      "CPU milliseconds of the main thread a scrape, read from outside the process (`/proc/PID/task/PID/schedstat`), less what an equally long wait without a scrape takes. " +
      "1 % of the counters change before each scrape. Ours with `serve({ worker: true })`; the others have no such thing.",
    table: rivalTable({ rows, clients, results, reference: REFERENCE }),
  };
}

async function perScrape(client, series) {
  const worker = client === "inferometer";
  const child = await stayingChild("exposition/served-child.mjs", { client, series, worker }, { execArgv: ["--max-old-space-size=8192"] });
  const mainCpuMs = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
  try {
    const { port } = child.ready;
    await scrape(port);
    const took = [];
    for (let k = 0; k < 3; k++) {
      const { total } = await child.ask({ act: "change", share: 0.01 });
      await asleep(mainCpuMs);
      const [before, began] = [mainCpuMs(), performance.now()];
      const chunks = await scrape(port);
      await pause(20);
      const [after, wall] = [mainCpuMs(), performance.now() - began];
      await pause(wall);
      took.push(after - before - (mainCpuMs() - after));
      if (totalOf(chunks) !== total) throw new Error(`${client}: the scrape adds up to ${totalOf(chunks)}, not ${total}`);
    }
    return Math.max(0, median(took));
  } finally {
    await child.stop();
  }
}

/** Until the thread did nothing for 100 ms: what the change left behind (garbage, compilation) is done. */
async function asleep(mainCpuMs) {
  let before;
  for (let left = 50; left > 0 && before !== (before = mainCpuMs()); left--) await pause(100);
}
