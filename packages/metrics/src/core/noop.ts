import type { Collected } from "./collection.ts";
import type { Collector } from "./collector.ts";
import type { Metric } from "./metric.ts";
import { Registry, type SnapshotOptions } from "./registry.ts";
import { Snapshot } from "./snapshot.ts";
import { Distribution } from "./statistics.ts";
import { Timer } from "./timer.ts";

const nothing = (): void => {};
const no = (): boolean => false;
const zero = (): number => 0;
const EMPTY = new Distribution({ count: 0, sum: 0, buckets: [] });
const TIMER = new Timer({ now: zero, time: zero, coarse: zero }, nothing);
TIMER.stop();

const RECORD = {
  inc: nothing,
  dec: nothing,
  set: nothing,
  mirror: nothing,
  observe: nothing,
  setToCurrentTime: nothing,
  enable: nothing,
  disable: nothing,
};
const READ = { value: zero, remove: no, clear: nothing, distribution: () => EMPTY, statistics: () => EMPTY.statistics(), attach: nothing };
const TIME = { startTimer: () => TIMER, time: (...values: readonly unknown[]) => (values.at(-1) as () => unknown)() };

/**
 * A registry for when metrics are off: declarations are checked as ever, nothing is recorded, and a record costs what no call costs (bench/core).
 *
 * @example
 * const metrics = process.env.METRICS === "none" ? new NoopRegistry() : new Registry();
 */
export class NoopRegistry extends Registry {
  override counter: Registry["counter"] = (...args: unknown[]) => quiet(super.counter(...(args as Parameters<Registry["counter"]>)));
  override gauge: Registry["gauge"] = (...args: unknown[]) => quiet(super.gauge(...(args as Parameters<Registry["gauge"]>)));
  override histogram: Registry["histogram"] = (...args: unknown[]) => quiet(super.histogram(...(args as Parameters<Registry["histogram"]>)));
  override summary: Registry["summary"] = (...args: unknown[]) => quiet(super.summary(...(args as Parameters<Registry["summary"]>)));
  override info: Registry["info"] = (...args: unknown[]) => quiet(super.info(...(args as Parameters<Registry["info"]>)));
  override stateSet: Registry["stateSet"] = (...args: unknown[]) => quiet(super.stateSet(...(args as Parameters<Registry["stateSet"]>)));

  override get(name: string): Metric | undefined {
    const real = super.get(name);
    return real === undefined ? undefined : quiet(real);
  }

  /** Collectors are not registered, so nothing is opened or read. */
  override register(..._collectors: readonly Collector[]): void {}

  /** Always empty. */
  override snapshot(_options?: SnapshotOptions): Snapshot {
    return new Snapshot([], super.snapshot({ names: [] }).timestamp);
  }

  /** Always empty. */
  override async collect(_options?: SnapshotOptions & { readonly signal?: AbortSignal }): Promise<Collected> {
    return { snapshot: this.snapshot(), collectors: [] };
  }
}

const SILENT: WeakMap<object, object> = new WeakMap();

/** An object of the same kind that does nothing. One a metric, so that a call on it has one target. */
// biome-ignore lint/suspicious/noExplicitAny: the declared types are those of Registry's methods above
function quiet(real: object): any {
  let silent = SILENT.get(real);
  if (silent === undefined) {
    silent = Object.create(Object.getPrototypeOf(real)) as object;
    SILENT.set(real, Object.assign(silent, RECORD, READ, TIME, { labels: () => silent }));
  }
  return silent;
}
