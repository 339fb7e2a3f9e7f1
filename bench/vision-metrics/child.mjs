// One library, one case, one process: nanoseconds of CPU a frame.
import { answer, cpuMs, job } from "../child.mjs";
import { median } from "../rounds.mjs";

const { client, id, batchMs, batches } = job();
const ofThisName = client === "floor" || client === "inferometer";
const { cases } = await import(ofThisName ? `./${client}.mjs` : "./prom-client.mjs");
const make = cases(ofThisName ? undefined : (await import(client)).default)[id];
answer(make === undefined ? null : await measured(make()));

async function measured({ run, recorded }) {
  let done = 0;
  const timed = (n) => {
    const start = cpuMs();
    run(n);
    done += n;
    return cpuMs() - start;
  };
  // Find how many frames fill a batch; this is the warm-up, too.
  let n = 64;
  let spent = 0;
  for (let took = 0; took < batchMs || spent < 4 * batchMs; spent += took) {
    took = timed(n);
    n = Math.ceil(n * Math.min(8, Math.max(0.5, (1.1 * batchMs) / Math.max(took, 0.01))));
  }
  const perFrame = Array.from({ length: batches }, () => (timed(n) / n) * 1e6);
  // A figure counts only if the work was really done.
  if (recorded !== undefined && (await recorded()) !== done) throw new Error(`${client}, ${id}: recorded ${await recorded()} of ${done} frames`);
  return median(perFrame);
}
