/** Milliseconds that a slice may take before others get their turn; one step of the work more, since a step is never cut. */
const SLICE_MS = 3;

/**
 * Runs work that comes in small steps, in slices of about 3 ms with a turn of the event loop between them, so that the service goes on
 * answering while 100 000 series are being written. What the work yields is handed to `take`.
 */
export async function inSlices<T>(work: Iterable<T>, take?: (step: T) => void): Promise<void> {
  let began = performance.now();
  for (const step of work) {
    take?.(step);
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
