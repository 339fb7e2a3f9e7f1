/**
 * Seconds of a clock that all threads of this process share and that never goes back. `performance.now()` would not do: each thread counts it
 * from its own start.
 */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
