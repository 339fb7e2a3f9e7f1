import { inChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";

const ROWS = [
  { id: "a counter", kind: "counter", series: 140_000, most: 70 },
  { id: "a histogram of 11 buckets", kind: "histogram", series: 10_000, most: 200 },
];

/** Bytes a series keeps. */
export async function memory({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const results = await interleaved({
    rows: ROWS,
    clients,
    rounds: quick ? 1 : 3,
    onStep,
    measure: async ({ kind, series }, client) => (await inChild("memory/child.mjs", { client, kind, series }, { execArgv: ["--expose-gc"] })).bytes,
  });
  return {
    title: "Memory: bytes a series",
    text:
      "Heap and array buffers (shared ones included) after garbage collection, without the text of a scrape: 140 000 counters, 10 000 histograms, " +
      "in ten families with two labels. The strings of the labels are the caller's and are not counted.",
    table: rivalTable({ rows: ROWS, clients, results, reference: REFERENCE }),
  };
}
