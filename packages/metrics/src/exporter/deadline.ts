/** What is kept back of a scraper's timeout for encoding, compressing and the way home: half a second, or a tenth where that is less. */
const MAX_OFFSET_MS = 500;
const OFFSET_SHARE = 0.1;

/**
 * Milliseconds that a collection may take: what the header X-Prometheus-Scrape-Timeout-Seconds grants less an offset, at most `limitMs`.
 * A header that is no positive number counts as missing.
 */
export function collectionTime(header: string | undefined, limitMs: number): number {
  const seconds = header !== undefined && /^\d*\.?\d+$/.test(header.trim()) ? Number(header) : Number.NaN;
  if (!(seconds > 0)) return limitMs;
  const granted = seconds * 1000;
  return Math.max(1, Math.min(limitMs, granted - Math.min(MAX_OFFSET_MS, granted * OFFSET_SHARE)));
}
