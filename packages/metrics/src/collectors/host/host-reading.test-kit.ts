import { ManualClock } from "../../core/clock.ts";
import { Registry } from "../../core/registry.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import type { FixtureTree } from "../fixture-tree.test-kit.ts";
import { type HostCollector, type HostOptions, host } from "./host.ts";

/** Series to value, a series as the text format writes it (labels without a value are left out, as Prometheus does). */
export type Values = ReadonlyMap<string, number>;

export function valuesOf(snapshot: Snapshot): Values {
  const values = new Map<string, number>();
  for (const family of snapshot) {
    for (let row = 0; row < family.length; row++) {
      const labels = Object.entries(family.labels(row))
        .filter(([, value]) => value !== "")
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      values.set(labels.length === 0 ? family.name : `${family.name}{${labels.join(",")}}`, family.value(row));
    }
  }
  return values;
}

/** host() reading a fixture tree, with a clock that the test holds. */
export class HostReading implements AsyncDisposable {
  readonly registry: Registry;
  readonly clock: ManualClock = new ManualClock();
  readonly host: HostCollector;

  constructor(tree: FixtureTree, options: HostOptions = {}) {
    this.registry = new Registry({ clock: this.clock });
    const { path, procPath, sysPath } = tree;
    this.host = host({ platform: "linux", procPath, sysPath, rootfs: path, clock: this.clock, ...options });
    this.registry.register(this.host);
  }

  async scrape(): Promise<Values> {
    const { snapshot, collectors } = await this.registry.collect();
    if (!collectors[0]!.ok) throw new Error(collectors[0]!.error);
    return valuesOf(snapshot);
  }

  /** Those series whose name begins so. */
  async scrapeOf(start: string): Promise<Record<string, number>> {
    return Object.fromEntries([...(await this.scrape())].filter(([series]) => series.startsWith(start)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.close();
  }
}
