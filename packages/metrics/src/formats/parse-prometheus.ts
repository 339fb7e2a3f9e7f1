import { InferometerError, shown } from "../core/errors.ts";
import { isHistogram, type MetricType, Snapshot } from "../core/snapshot.ts";
import { FamilyBuilder, type LabelPair, type Row } from "./family-builder.ts";
import { LineScanner, numbered, type ParseOptions, unescaped } from "./line-scanner.ts";

const TYPES: ReadonlyMap<string, MetricType> = new Map<string, MetricType>([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["summary", "summary"],
  ["untyped", "unknown"],
]);

/**
 * Reads Prometheus' text format 0.0.4 as its definition says, and refuses what a server would take silently: a series given twice.
 *
 * Throws PARSE_ERROR with the number of the line, the text seen and what was expected.
 *
 * @example
 * parsePrometheus('# TYPE fps gauge\nfps{camera="1"} 29.7\n').value("fps", { camera: "1" }); // 29.7
 */
export function parsePrometheus(text: string, options: ParseOptions = {}): Snapshot {
  const lines = text.split("\n");
  const rest = lines.pop()!;
  if (rest !== "") {
    throw new InferometerError(
      "PARSE_ERROR",
      `Line ${lines.length + 1}: the text ends within the line ${shown(rest)}. End the last line with a line feed; perhaps the text was cut off.`,
    );
  }
  const reader = new Reader();
  lines.forEach((line, at) => {
    reader.read(line, at + 1);
  });
  return new Snapshot(
    [...reader.families.values()].map((family) => family.build()),
    options.timestamp ?? 0,
  );
}

class Reader {
  readonly families = new Map<string, FamilyBuilder>();
  readonly #described = new Set<string>();
  readonly #typed = new Set<string>();

  read(text: string, line: number): void {
    const scanner = new LineScanner(text, line, { blanks: true });
    scanner.skipBlanks();
    if (scanner.atEnd) return;
    if (scanner.skip("#")) this.#comment(scanner);
    else this.#sample(scanner);
  }

  #comment(scanner: LineScanner): void {
    scanner.skipBlanks();
    const keyword = scanner.token();
    if (keyword !== "HELP" && keyword !== "TYPE") return;
    scanner.skipBlanks();
    const name = scanner.metricName();
    if (!scanner.atEnd && scanner.text[scanner.at] !== " " && scanner.text[scanner.at] !== "\t") scanner.fail("a blank after the metric name");
    scanner.skipBlanks();
    const done = keyword === "HELP" ? this.#described : this.#typed;
    if (done.has(name)) scanner.refuse(`${name} already has a ${keyword} line`);
    done.add(name);
    const family = this.#family(name);
    if (keyword === "HELP") family.help = unescaped(scanner.text.slice(scanner.at), /\\([\\n])/g);
    else this.#type(scanner, family);
  }

  #type(scanner: LineScanner, family: FamilyBuilder): void {
    if (family.size > 0) scanner.refuse(`the TYPE of ${family.name} must come before its samples`);
    const start = scanner.at;
    const type = TYPES.get(scanner.token());
    if (type === undefined) {
      scanner.at = start;
      scanner.fail(`one of ${[...TYPES.keys()].join(", ")}`);
    }
    scanner.skipBlanks();
    if (!scanner.atEnd) scanner.fail("the end of the line");
    family.type = type;
  }

  #sample(scanner: LineScanner): void {
    const name = scanner.metricName();
    scanner.skipBlanks();
    const labels = scanner.skip("{") ? scanner.labels() : [];
    scanner.skipBlanks();
    const value = scanner.number("a value");
    scanner.skipBlanks();
    const timestamp = scanner.atEnd ? undefined : milliseconds(scanner);
    scanner.skipBlanks();
    if (!scanner.atEnd) scanner.fail("the end of the line");
    const row = this.#put(scanner, name, labels, value);
    if (timestamp !== undefined) row.timestamp = timestamp / 1000;
  }

  #put(scanner: LineScanner, name: string, labels: LabelPair[], value: number): Row {
    const [family, suffix] = this.#owner(name);
    if (suffix === "_bucket") {
      const [bound, others] = numbered(scanner, labels, "le");
      if (!Number.isFinite(value)) scanner.refuse("a bucket's count must be finite");
      const row = family.row(others);
      row.buckets ??= new Map();
      if (row.buckets.has(bound)) scanner.refuse("this bucket was given before");
      row.buckets.set(bound, value);
      return row;
    }
    if (suffix === "" && family.type === "summary") {
      const [quantile, others] = numbered(scanner, labels, "quantile");
      const row = family.row(others);
      row.quantiles ??= new Map();
      if (row.quantiles.has(quantile)) scanner.refuse("this quantile was given before");
      row.quantiles.set(quantile, value);
      return row;
    }
    if (suffix === "" && isHistogram(family.type)) scanner.refuse(`a histogram's samples are called ${name}_bucket, ${name}_sum and ${name}_count`);
    const part = suffix === "" ? "value" : suffix === "_sum" ? "sum" : "count";
    const row = family.row(labels);
    if (row[part] !== undefined) scanner.refuse("this series was given before");
    row[part] = value;
    return row;
  }

  /** The family that a sample belongs to, and what its name has beyond the family's. */
  #owner(name: string): [FamilyBuilder, "" | "_bucket" | "_sum" | "_count"] {
    const exact = this.families.get(name);
    if (exact !== undefined) return [exact, ""];
    for (const suffix of ["_bucket", "_sum", "_count"] as const) {
      if (!name.endsWith(suffix)) continue;
      const family = this.families.get(name.slice(0, -suffix.length));
      if (family?.type === "histogram" || (family?.type === "summary" && suffix !== "_bucket")) return [family, suffix];
    }
    return [this.#family(name), ""];
  }

  #family(name: string): FamilyBuilder {
    let family = this.families.get(name);
    if (family === undefined) this.families.set(name, (family = new FamilyBuilder(name, "unknown")));
    return family;
  }
}

function milliseconds(scanner: LineScanner): number {
  const start = scanner.at;
  const token = scanner.token();
  if (/^-?\d+$/.test(token) && Number.isSafeInteger(Number(token))) return Number(token);
  scanner.at = start;
  return scanner.fail("a timestamp in whole milliseconds, or the end of the line");
}
