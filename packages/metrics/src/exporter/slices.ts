/** Milliseconds that work may take in a turn of the event loop before others get theirs; one step more, since a step is never cut. */
const SLICE_MS = 3;

const waiting: (() => void)[] = [];

/**
 * Runs work in a coming turn of the event loop. However much waits (hundreds of scrapes may), a turn takes about 3 ms of it: setImmediate
 * alone would run all that wait in one turn.
 */
export function inTurn(work: () => void): void {
  if (waiting.push(work) === 1) setImmediate(turn);
}

function turn(): void {
  const end = performance.now() + SLICE_MS;
  let done = 0;
  do waiting[done++]!();
  while (done < waiting.length && performance.now() < end);
  waiting.splice(0, done);
  if (waiting.length > 0) setImmediate(turn);
}

/**
 * Runs work that comes in small steps, in slices of about 3 ms with a turn of the event loop between them, so that the service goes on
 * answering while 100 000 series are being written. What the work yields is handed to `take`.
 */
export async function inSlices<T>(work: Iterable<T>, take?: (step: T) => void): Promise<void> {
  let began = performance.now();
  for (const step of work) {
    take?.(step);
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise<void>((resolve) => inTurn(resolve));
    began = performance.now();
  }
}
