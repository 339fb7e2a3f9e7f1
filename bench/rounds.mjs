export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Measures each row with each client, `rounds` times, a process each time. One round goes over everything once, and each round begins with
 * another client, so that whatever else the machine does meets all of them alike.
 * `measure(row, client)` resolves to a number, or to null for "cannot do that"; what throws is reported and left out from then on.
 * Returns row id -> client -> the values, a round each.
 */
export async function interleaved({ rows, clients, rounds, measure, onStep = () => {} }) {
  const results = new Map(rows.map((row) => [row.id, new Map()]));
  const unable = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      for (let k = 0; k < clients.length; k++) {
        const client = clients[(k + round) % clients.length];
        const key = `${row.id} ${client}`;
        if (unable.has(key) || round >= (row.rounds ?? rounds)) continue;
        onStep(`round ${round + 1} of ${rounds}: ${row.id}, ${client}`);
        const value = await measure(row, client).catch((error) => {
          console.error(`\n${row.id}, ${client}: ${error.message}`);
          return null;
        });
        const byClient = results.get(row.id);
        if (value === null) unable.add(key);
        else byClient.set(client, [...(byClient.get(client) ?? []), value]);
      }
    }
  }
  return results;
}
