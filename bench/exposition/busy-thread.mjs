import { stayingChild } from "../child.mjs";
import { clientTitles, REFERENCE } from "../clients.mjs";
import { interleaved, median } from "../rounds.mjs";
import { rivalTable } from "../table.mjs";
import { pause, scrape } from "./get.mjs";

const BUSY_MS = 10_000;
const ABLE = ["inferometer", "@prometheus-io/client"];
const ROW = { id: "time to a right scrape, ms", most: 50 };

/** Scrapes of a process whose threads are summed up, while one of them is busy. */
export async function busyThread({ quick, onStep }) {
  const clients = Object.keys(clientTitles()).filter((client) => client !== "floor");
  const results = await interleaved({
    rows: [ROW],
    clients,
    rounds: quick ? 1 : 3,
    onStep,
    measure: async (_, client) => (ABLE.includes(client) ? await whileBusy(client) : null),
  });
  return {
    title: "Exposition: a busy worker thread",
    text:
      `Four worker threads with 1 000 histogram series each, summed up behind one server; one thread does not come back to its event loop for ${BUSY_MS / 1000} s. ` +
      "Wall milliseconds from asking to an answer that has everything the busy thread observed, asking again after each error: the median of five. " +
      "prom-client 15.1.3 and OpenTelemetry do not sum up threads.",
    table: rivalTable({ rows: [ROW], clients, results, reference: REFERENCE }),
  };
}

async function whileBusy(client) {
  const child = await stayingChild("exposition/busy-child.mjs", { client });
  try {
    const { port, total } = child.ready;
    for (let k = 0; k < 3; k++) await rightScrape(port, total);
    await pause(300);
    const busy = await child.ask({ busyMs: BUSY_MS });
    const began = performance.now();
    const took = [];
    while (took.length < 5 && performance.now() - began < BUSY_MS - 1000) {
      const start = performance.now();
      await rightScrape(port, busy.total);
      took.push(performance.now() - start);
      await pause(200);
    }
    return median(took);
  } finally {
    await child.stop();
  }
}

async function rightScrape(port, total) {
  for (let left = 300; left > 0; left--) {
    const text = await scrape(port).then(
      (chunks) => Buffer.concat(chunks).toString(),
      () => "",
    );
    let found = 0;
    for (const [, count] of text.matchAll(/^bench_duration_seconds_count\{[^}]*\} (\d+)/gm)) found += Number(count);
    if (found === total) return;
    await pause(50);
  }
  throw new Error(`no right scrape in 300`);
}
