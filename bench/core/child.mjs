// One library, one case, one process: nanoseconds of CPU an operation.
import { answer, cpuMs, job } from "../child.mjs";
import { latencies, QUANTILES } from "../data.mjs";
import { median } from "../rounds.mjs";

const { client, id, batchMs, batches } = job();

const ALONE = ", the only metric";

const ofThisName = ["floor", "inferometer", "opentelemetry"].includes(client);
const { season, cases } = await import(ofThisName ? `./${client}.mjs` : "./prom-client.mjs");
const library = ofThisName ? undefined : (await import(client)).default;
if (!id.endsWith(ALONE)) season(library);
const make = cases(library)[id.replace(ALONE, "")];
answer(make === undefined ? null : await measured(make()));

async function measured({ run, recorded, last, quantiles }) {
  let done = 0;
  const timed = async (n) => {
    const start = cpuMs();
    const promise = run(n);
    if (promise !== undefined) await promise; // no await for what is not asynchronous: it would be paid for in the batch
    done += n;
    return cpuMs() - start;
  };
  // How many operations fill a batch; and warm-up, until the last three batches brought no better speed. By time alone it ended too early: the time of
  // the compiler's threads counts, too, and where a thousand series were made first, half of the processes were measured before their code was compiled.
  let n = 16;
  let spent = 0;
  let best = Number.POSITIVE_INFINITY;
  let since = 0;
  while (since < 3 || spent < 6 * batchMs) {
    const took = await timed(n);
    spent += took;
    if (took >= batchMs / 2) {
      since = took / n < 0.97 * best ? 0 : since + 1;
      best = Math.min(best, took / n);
    }
    n = Math.ceil(n * Math.min(8, Math.max(0.5, batchMs / Math.max(took, 0.01))));
  }
  const perOperation = [];
  for (let k = 0; k < batches; k++) perOperation.push(((await timed(n)) / n) * 1e6);

  // A figure counts only if the work was really done.
  if (recorded !== undefined && (await recorded()) !== done) throw new Error(`${client}, ${id}: recorded ${await recorded()} of ${done} operations`);
  if (last !== undefined && (await last()) !== n - 1) throw new Error(`${client}, ${id}: the gauge shows ${await last()}, not ${n - 1}`);
  return { nanoseconds: median(perOperation), error: quantiles === undefined ? undefined : worstError(quantiles()) };
}

/** The largest relative error of the quantiles that were read, against those of the `count` values that were observed, round and round. */
function worstError({ found, count }) {
  const values = latencies();
  const order = values.map((_, k) => k).sort((a, b) => values[a] - values[b]);
  const exact = (q) => {
    let left = Math.ceil(q * count);
    for (const k of order) {
      left -= Math.floor(count / values.length) + (k < count % values.length ? 1 : 0);
      if (left <= 0) return values[k];
    }
  };
  return Math.max(...QUANTILES.map((q, k) => Math.abs(found[k] / exact(q) - 1)));
}
