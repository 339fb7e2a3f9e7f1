// What every library is fed with: the same labels, the same values, in the same random order.

/** A small generator (mulberry32) with a fixed seed, so that each process sees the same order. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Picks are read round and round: `picks[i & MASK]`. */
export const MASK = 8191;

/** `models` x `statuses` label values, and a random order to use them in. */
export function labelPicks(modelCount, statusCount) {
  const random = randomFrom(modelCount * 1000 + statusCount);
  const models = Array.from({ length: modelCount }, (_, k) => `model-${k}`);
  const statuses = Array.from({ length: statusCount }, (_, k) => `status-${k}`);
  const m = new Uint8Array(MASK + 1).map(() => random() * modelCount);
  const s = new Uint8Array(MASK + 1).map(() => random() * statusCount);
  return { models, statuses, m, s };
}

/** Latencies in seconds: lognormal around 60 ms, so that they spread over all the buckets below. */
export function latencies() {
  const random = randomFrom(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return new Float64Array(MASK + 1).map(() => 0.06 * Math.exp(1.5 * normal()));
}

/** prom-client's own default buckets. */
export const BUCKETS_11 = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const BUCKETS_20 = Array.from({ length: 20 }, (_, k) => 0.001 * 1.7 ** k);

export const QUANTILES = [0.5, 0.9, 0.99];

/** The ten counter families of the scrapes and of the memory test: labels {model, stream}, ten models, as many streams as it takes. */
export const FAMILIES = 10;
export const familyName = (k) => `bench_frames_${k}_total`;
export const modelNames = Array.from({ length: 10 }, (_, k) => `model-${k}`);
export const streamNames = (seriesPerFamily) => Array.from({ length: Math.ceil(seriesPerFamily / 10) }, (_, k) => `stream-${k}`);
