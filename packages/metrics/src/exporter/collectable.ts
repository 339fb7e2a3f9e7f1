import type { Collected, CollectorState } from "../core/collection.ts";

/** What a collection is asked for. */
export interface CollectOptions {
  /** Only the families of these names. Default: all. */
  readonly names?: Iterable<string>;
  /** Aborted when the scrape's deadline passes: what is not ready then is left out. */
  readonly signal?: AbortSignal;
}

/**
 * What can stand behind the exporter: a Registry, the mirror of several threads' registries, the sum over a cluster.
 *
 * `collect` should not reject because of one collector, and should end soon after its signal aborts; the exporter survives both.
 */
export interface Collectable {
  collect(options?: CollectOptions): Promise<Collected>;
  /** Of the last collection, for `/health`. */
  collectorStates(): readonly CollectorState[];
}
