import type { Registry } from "./registry.ts";

/** What a collector is told when a scrape asks it. */
export interface CollectContext {
  /** Aborted when the scrape's deadline passes; what is not ready then is left out of this scrape. */
  readonly signal: AbortSignal;
}

/**
 * Something that reads values when a scrape asks: `/proc`, a driver, a pool. Its metrics are declared once, in `register`; `collect` sets them.
 * A collector that throws or comes too late never fails the scrape: its metrics are left out of it, `scrape_collector_success{collector}` is 0,
 * and `/health` shows the reason.
 *
 * @example
 * const pool: Collector = {
 *   name: "pool",
 *   register(registry) { this.size = registry.gauge("pool_connections", { help: "Open connections." }); },
 *   collect() { this.size.set(db.pool.totalCount); },
 * };
 */
export interface Collector {
  /** Unique in a registry; the value of the label `collector`. */
  readonly name: string;
  /** Default false. True: while it fails, `/health` answers 503. */
  readonly required?: boolean;
  register(registry: Registry): void;
  collect(context: CollectContext): void | Promise<void>;
  /** Called when the registry is closed or the collector unregistered. */
  close?(): void | Promise<void>;
}
