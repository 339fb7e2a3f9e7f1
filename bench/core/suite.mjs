import { inChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number, rivalTable } from "../table.mjs";

// `target`: how many times less than prom-client's, at least. `ofFloor`: at most so many times the hand-written floor.
const ROWS = [
  { id: "counter inc", target: 6 },
  { id: "counter inc, the only metric" },
  { id: "counter inc, labels, 1 set", target: 40 },
  { id: "counter inc, labels, 10 sets", target: 9 },
  { id: "counter inc, labels, 1000 sets", target: 8 },
  { id: "counter inc, labels, 1000 sets, new strings" },
  { id: "counter inc, held", target: 65, ofFloor: 1.1 },
  { id: "gauge set", target: 12 },
  { id: "gauge set, labels", target: 12 },
  { id: "gauge set, held", target: 200 },
  { id: "histogram observe, 11 buckets", target: 45 },
  { id: "histogram observe, 20 buckets", target: 60 },
  { id: "histogram observe, labels", target: 14 },
  { id: "histogram observe, held", target: 115 },
  { id: "summary observe", target: 280 },
  { id: "summary read", target: 500 },
  { id: "timer, labels", target: 6 },
  { id: "metrics off: inc, labels", ofFloor: 1.1 },
];

/** The record path: nanoseconds of CPU an operation. */
export async function core({ quick, onStep }) {
  const clients = Object.keys(clientTitles());
  const budget = quick ? { batchMs: 15, batches: 5 } : { batchMs: 40, batches: 7 };
  const errors = new Map();
  const results = await interleaved({
    rows: ROWS,
    clients,
    rounds: quick ? 3 : 5,
    onStep,
    async measure(row, client) {
      const result = await inChild("core/child.mjs", { client, id: row.id, ...budget });
      if (result?.error !== undefined) errors.set(client, Math.max(result.error, errors.get(client) ?? 0));
      return result?.nanoseconds ?? null;
    },
  });
  const titles = clientTitles();
  const shown = [...errors].map(([client, error]) => `${titles[client]} ${number(error * 100)} %`);
  return {
    title: "Core: a record",
    text:
      'CPU nanoseconds an operation, in a process that has used several metrics of each kind before, as services do (but for "the only metric": there V8 compiles the library ' +
      'for that one metric, which no service sees). "labels": the call site writes an object literal of two labels, picked in random order from that many label sets ' +
      '(10 where no number is given); "new strings": one value is built anew each time; "held": `labels()` was called before. ' +
      '"summary read": p50, p90 and p99 of 100 000 observations or more, one new observation before each read. ' +
      '"metrics off" is compared with the same loop without a call. ' +
      `Largest error of the quantiles read: ${shown.join(", ")}.`,
    table: rivalTable({ rows: ROWS, clients, results, reference: REFERENCE }),
    problems: [...errors].filter(([client, error]) => client === "inferometer" && error > 0.01).map(() => "summary read: error above 1 %"),
    medians: Object.fromEntries([...results].map(([id, byClient]) => [id, Object.fromEntries([...byClient].map(([c, v]) => [c, median(v)]))])),
  };
}
