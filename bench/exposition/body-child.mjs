// One library, one size: CPU milliseconds of a scrape's answer, made in this process.
import { answer, cpuMs, job } from "../child.mjs";
import { median } from "../rounds.mjs";
import { filledService, totalOf } from "./filled.mjs";

const { client, series, share, atLeastMs } = job();
const { body, change, total } = await filledService(client, series);

await body();
const took = [];
let chunks;
// Three scrapes at least, and more as long as there is time.
for (let spent = 0; took.length < 3 || (spent < atLeastMs && took.length < 60); spent += took.at(-1)) {
  change(share);
  chunks = undefined;
  const start = cpuMs();
  chunks = await body();
  took.push(cpuMs() - start);
}
if (totalOf(chunks) !== total()) throw new Error(`${client}: the scrape adds up to ${totalOf(chunks)}, not ${total()}`);
answer({ ms: median(took.slice(Math.min(5, took.length >> 2))) });
