import { InferometerError } from "../core/errors.ts";
import { type FamilySnapshot, Snapshot } from "../core/snapshot.ts";
import type { LabelPair } from "./family-builder.ts";
import { LineScanner, type ParseOptions, unescaped } from "./line-scanner.ts";
import { isMetricType, OpenMetricsFamily, type Sample } from "./open-metrics-family.ts";

/**
 * Reads OpenMetrics 1.0 as strictly as its specification asks for: a text with one mistake is refused as a whole. Where a metric has
 * several points in time, the snapshot has the last.
 *
 * Throws PARSE_ERROR with the number of the line, the text seen and what was expected.
 *
 * @example
 * parseOpenMetrics("# TYPE frames counter\nframes_total 5\n# EOF\n").value("frames_total"); // 5
 */
export function parseOpenMetrics(text: string, options: ParseOptions = {}): Snapshot {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop(); // the line feed after # EOF
  const reader = new Reader();
  lines.forEach((line, at) => {
    reader.read(new LineScanner(line, at + 1));
  });
  return new Snapshot(reader.end(lines.length), options.timestamp ?? 0);
}

class Reader {
  readonly #done: FamilySnapshot[] = [];
  /** The names that families have taken, and which family that was. */
  readonly #taken = new Map<string, string>();
  #family: OpenMetricsFamily | undefined;
  #eof = false;

  read(scanner: LineScanner): void {
    if (this.#eof) scanner.refuse("nothing may follow # EOF");
    if (scanner.text === "") scanner.refuse("OpenMetrics has no empty lines");
    if (scanner.text === "# EOF") this.#eof = true;
    else if (scanner.skip("#")) this.#metadata(scanner);
    else this.#sample(scanner);
  }

  end(lineCount: number): FamilySnapshot[] {
    if (!this.#eof)
      throw new InferometerError(
        "PARSE_ERROR",
        `Line ${lineCount + 1}: the text ends without "# EOF". Perhaps it was cut off, or it is not OpenMetrics.`,
      );
    this.#finish();
    return this.#done;
  }

  #metadata(scanner: LineScanner): void {
    scanner.expect(" ", '" TYPE", " UNIT", " HELP" or " EOF" after "#"');
    const keyword = ["TYPE ", "UNIT ", "HELP "].find((word) => scanner.skip(word));
    if (keyword === undefined) scanner.fail('"TYPE ", "UNIT ", "HELP " or "EOF" (OpenMetrics has no comments)');
    const name = scanner.metricName();
    scanner.expect(" ", "a space after the metric name");
    if (this.#family?.name !== name) this.#begin(name, scanner);
    const family = this.#family!;
    if (family.hasSamples) scanner.refuse(`what describes ${name} must come before its samples`);
    const field = keyword === "TYPE " ? "type" : keyword === "UNIT " ? "unit" : "help";
    if (family[field] !== undefined) scanner.refuse(`${name} already has a ${keyword.trim()} line`);
    const rest = scanner.text.slice(scanner.at);
    if (field === "help") family.help = unescaped(rest, /\\([\\"n])/g);
    else if (field === "unit") family.unit = /^[a-zA-Z0-9_:]*$/.test(rest) ? rest : scanner.fail("a unit (letters, digits, _ and :)");
    else family.type = isMetricType(rest) ? rest : scanner.fail("counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown");
    checkUnit(scanner, family);
  }

  #sample(scanner: LineScanner): void {
    const sample = readSample(scanner);
    let suffix = this.#family?.suffixOf(sample.name);
    if (suffix === undefined) {
      const before = this.#family;
      if (before !== undefined && before.type !== undefined && sample.name.startsWith(before.name) && before.claims().includes(sample.name)) {
        scanner.refuse(`a ${before.type} called ${before.name} has samples called ${before.sampleNames()}`);
      }
      this.#begin(sample.name, scanner);
      suffix = "";
    }
    this.#family!.add(scanner, sample, suffix);
  }

  #begin(name: string, scanner: LineScanner): void {
    this.#finish();
    const family = this.#taken.get(name);
    if (family !== undefined) scanner.refuse(`the lines of ${family} must stand together, and no other metric may be called ${name}`);
    this.#family = new OpenMetricsFamily(name, scanner.line);
  }

  #finish(): void {
    const family = this.#family;
    if (family === undefined) return;
    for (const name of family.claims()) {
      const other = this.#taken.get(name);
      if (other !== undefined)
        throw new InferometerError(
          "PARSE_ERROR",
          `Line ${family.line}: ${family.name} and ${other} both have samples that are or could be called ${name}. Rename one of them.`,
        );
      this.#taken.set(name, family.name);
    }
    this.#done.push(family.finish().build());
  }
}

function checkUnit(scanner: LineScanner, { name, type, unit }: OpenMetricsFamily): void {
  if (unit === undefined || unit === "") return;
  if (!name.endsWith(`_${unit}`)) scanner.refuse(`${name} has the unit ${unit}, so its name must end in _${unit}`);
  if (type === "info" || type === "stateset") scanner.refuse(`a metric of type ${type} has no unit`);
}

function readSample(scanner: LineScanner): Sample {
  const name = scanner.metricName();
  const labels = scanner.skip("{") ? scanner.labels() : [];
  scanner.expect(" ", 'a space before the value (or "{" before labels)');
  const value = scanner.number("a value");
  let timestamp: number | undefined;
  let exemplar: Sample["exemplar"];
  if (!scanner.atEnd && !scanner.text.startsWith(" # ", scanner.at)) timestamp = readTimestamp(scanner);
  if (scanner.skip(" # ")) exemplar = readExemplar(scanner);
  if (!scanner.atEnd) scanner.fail('the end of the line, or an exemplar (" # {...} value")');
  return { name, labels, value, timestamp, exemplar };
}

function readExemplar(scanner: LineScanner): NonNullable<Sample["exemplar"]> {
  scanner.expect("{", '"{" before the labels of the exemplar');
  const labels: LabelPair[] = scanner.labels();
  scanner.expect(" ", "a space before the exemplar's value");
  const value = scanner.number("the exemplar's value");
  return { labels, value, timestamp: scanner.atEnd ? undefined : readTimestamp(scanner) };
}

function readTimestamp(scanner: LineScanner): number {
  scanner.expect(" ", "a space before the timestamp");
  const start = scanner.at;
  const timestamp = scanner.number("a timestamp in seconds");
  if (Number.isFinite(timestamp)) return timestamp;
  scanner.at = start;
  return scanner.fail("a timestamp in seconds, a finite number");
}
