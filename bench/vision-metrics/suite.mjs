import { inChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";

// `target`: how many times less than prom-client's, at least. `most`: nanoseconds; the cheapest detector we know works three million on a frame.
const ROWS = [
  { id: "a frame", target: 15 },
  { id: "a frame, metrics off", most: 250 },
];

/** What it costs to record a frame with all that befalls it. */
export async function visionMetrics({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "opentelemetry");
  const budget = quick ? { batchMs: 80, batches: 3 } : { batchMs: 150, batches: 5 };
  const results = await interleaved({
    rows: ROWS,
    clients,
    rounds: quick ? 2 : 5,
    onStep,
    measure: (row, client) => inChild("vision-metrics/child.mjs", { client, id: row.id, ...budget }),
  });
  return {
    title: "Vision metrics: a frame",
    text:
      "CPU nanoseconds to record a frame: received, queue size and wait, six stages, a run of the model, five objects with class and confidence, its age, processed; " +
      "every eighth frame a track begins and one ends. Of ours through `visionMetrics`, which keeps the frame rate besides; of the others by hand, with the series that are " +
      'known beforehand held. "Metrics off" is `visionMetrics` with a NoopRegistry, in a loop that looks at each object of a frame, against that loop without a call.',
    table: rivalTable({ rows: ROWS, clients, results, reference: REFERENCE }),
  };
}
