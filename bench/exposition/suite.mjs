import { inChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";
import { busyThread } from "./busy-thread.mjs";
import { mainThread } from "./main-thread.mjs";
import { AT_A_MILLION } from "./million.mjs";
import { served } from "./served.mjs";

const BODIES = [
  { id: "10k, all changed", series: 10_000, share: 1, target: 35 },
  { id: "100k, all changed", series: 100_000, share: 1, target: 40 },
  { id: "1M, all changed", series: 1_000_000, share: 1, target: 60, slow: true },
  { id: "100k, 1 % changed", series: 100_000, share: 0.01, target: 80 },
  { id: "1M, 1 % changed", series: 1_000_000, share: 0.01, target: 130, slow: true },
];

/** Scrapes of counters in ten families with two labels each. */
export async function exposition(options) {
  return [await bodies(options), await served(options), await mainThread(options), await busyThread(options)];
}

async function bodies({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const rows = BODIES.map((row) => ({ ...row, rounds: quick ? (row.slow ? 1 : 2) : row.slow ? 2 : 3 }));
  const results = await interleaved({
    rows,
    clients,
    rounds: quick ? 2 : 3,
    onStep,
    async measure({ series, share, slow }, client) {
      if (slow && !AT_A_MILLION.includes(client)) return null;
      const job = { client, series, share, atLeastMs: 1000 };
      return (await inChild("exposition/body-child.mjs", job, { execArgv: ["--max-old-space-size=8192"], limitMs: 900_000 })).ms;
    },
  });
  return {
    title: "Exposition: a scrape's answer, in process",
    text:
      "CPU milliseconds of the whole process (garbage collection included) from the call to the answer's bytes in text format 0.0.4; counters with one to seven " +
      "digits that grow by 1 to 100. The first scrape is left out, and a quarter of the others, up to five, as warming up. A million counters: prom-client alone. Every last answer is added up and compared with what was counted.",
    table: rivalTable({ rows, clients, results, reference: REFERENCE }),
  };
}
