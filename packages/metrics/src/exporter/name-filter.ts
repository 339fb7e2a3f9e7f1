import type { FamilySnapshot, MetricType } from "../core/snapshot.ts";
import { Snapshot } from "../core/snapshot.ts";

/** The endings that a family's samples have beyond its own name, by type. */
const SAMPLE_ENDINGS: Readonly<Record<MetricType, readonly string[]>> = {
  counter: [],
  gauge: [],
  unknown: [],
  info: [],
  stateset: [],
  histogram: ["_bucket", "_sum", "_count", "_created"],
  gaugehistogram: ["_bucket", "_sum", "_count", "_gsum", "_gcount"],
  summary: ["_sum", "_count", "_created"],
};

const ANY_ENDING = /_(?:bucket|sum|count|created|gsum|gcount|total|info)$/;

/**
 * What `name[]` asks for. A name may be a family's (`http_request_duration_seconds`), a sample's (`…_bucket`), or an OpenMetrics family's
 * (`http_requests` for `http_requests_total`).
 */
export class NameFilter {
  /** The same for the same names in any order: scrapes with equal keys share an answer. */
  readonly key: string;
  readonly #asked: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    const sorted = [...new Set(names)].sort();
    this.#asked = new Set(sorted);
    this.key = JSON.stringify(sorted);
  }

  /** The families that may be meant: a registry is asked for these; `narrow` then leaves out what was not. */
  candidates(): string[] {
    const candidates = new Set<string>();
    for (const name of this.#asked) {
      const stem = name.replace(ANY_ENDING, "");
      for (const candidate of [name, stem, `${stem}_total`, `${name}_total`, `${stem}_info`, `${name}_info`]) candidates.add(candidate);
    }
    return [...candidates];
  }

  narrow(snapshot: Snapshot): Snapshot {
    return new Snapshot(
      snapshot.families.filter((family) => this.#wants(family)),
      snapshot.timestamp,
    );
  }

  #wants(family: FamilySnapshot): boolean {
    const { name, type } = family;
    if (this.#asked.has(name) || SAMPLE_ENDINGS[type].some((ending) => this.#asked.has(name + ending))) return true;
    if (type === "counter") return this.#wantsStem(name, "_total") || this.#asked.has(name.replace(/_total$/, "_created"));
    return type === "info" && this.#wantsStem(name, "_info");
  }

  #wantsStem(name: string, ending: string): boolean {
    return name.endsWith(ending) && this.#asked.has(name.slice(0, -ending.length));
  }
}
