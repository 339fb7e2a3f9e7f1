import { randomFrom } from "../data.mjs";

const HERE = ["inferometer", "opentelemetry"];

/** A library's service with `series` counters that have values, and what is known of them. */
export async function filledService(client, series) {
  const own = HERE.includes(client);
  const { service } = await import(own ? `./${client}.mjs` : "./prom-client.mjs");
  const { add, body, listen } = await service(series, own ? undefined : (await import(client)).default);
  const random = randomFrom(11);
  let total = 0;
  const grow = (k, by) => {
    total += by;
    add(k, by);
  };
  // Numbers of one to six digits, as real totals have them.
  for (let k = 0; k < series; k++) grow(k, 1 + ((10 ** (6 * random())) | 0));
  return {
    body,
    listen,
    /** What all counters add up to: a scrape that says otherwise is wrong. */
    total: () => total,
    /** Changes every counter (share 1), or so many of them picked at random. */
    change(share) {
      for (let i = 0, n = series * share; i < n; i++) grow(share === 1 ? i : (random() * series) | 0, 1 + ((random() * 100) | 0));
    },
  };
}

/** Adds up a scrape's answer. */
export function totalOf(chunks) {
  const decoder = new TextDecoder();
  let rest = "";
  let total = 0;
  const addLines = (text) => {
    for (const [, value] of text.matchAll(/^bench_frames_\d+_total\{[^}]*\} (\S+)/gm)) total += Number(value);
  };
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += 1 << 20) {
      const text = rest + decoder.decode(chunk.subarray(at, at + (1 << 20)), { stream: true });
      const end = text.lastIndexOf("\n") + 1;
      addLines(text.slice(0, end));
      rest = text.slice(end);
    }
  }
  addLines(rest);
  return total;
}
