import type { Snapshot } from "../core/snapshot.ts";

/** What can be chosen when a snapshot is written. */
export interface EncodeOptions {
  /** Default true: OpenMetrics writes a `_created` sample beside each counter, histogram and summary whose beginning is known. */
  readonly created?: boolean;
}

/**
 * A way to write a snapshot on the wire.
 *
 * @example
 * for (const chunk of openMetrics.stream(snapshot)) { response.write(chunk); await scheduler.yield(); }
 */
export interface Format {
  /** A short word for logs and tests. */
  readonly name: "prometheus-text" | "openmetrics" | "prometheus-protobuf" | "json";
  /** The HTTP header Content-Type. */
  readonly contentType: string;
  /**
   * The same bytes as `encode`, made bit by bit: about 64 KiB at a time, so that a caller can let others run in between. A chunk may be
   * empty: a place to breathe inside something that is sent in one piece.
   */
  stream(snapshot: Snapshot, options?: EncodeOptions): Iterable<Uint8Array>;
  encode(snapshot: Snapshot, options?: EncodeOptions): Uint8Array;
}

/** About how much is written at once; in bytes, or in characters while it is still text. */
export const CHUNK_LENGTH: number = 64 * 1024;

/** All chunks in one piece. */
export function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  const all = [...chunks];
  if (all.length === 1) return all[0]!;
  let length = 0;
  for (const chunk of all) length += chunk.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of all) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
