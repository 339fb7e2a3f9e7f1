import { InferometerError, shown } from "../core/errors.ts";
import type { LabelPair } from "./family-builder.ts";
import { readNumber } from "./number-text.ts";

/** Options of a parser of the text formats. */
export interface ParseOptions {
  /** Seconds since 1970 when the text was made or fetched: the snapshot's time. Default 0: not known. */
  readonly timestamp?: number;
}

/** Reads one line of a text format from left to right. */
export class LineScanner {
  readonly text: string;
  readonly line: number;
  at = 0;
  readonly #blanks: boolean;

  /** `blanks`: whether any number of spaces and tabs may stand between tokens. Default false. */
  constructor(text: string, line: number, { blanks = false }: { readonly blanks?: boolean } = {}) {
    this.text = text;
    this.line = line;
    this.#blanks = blanks;
  }

  /** Throws PARSE_ERROR with the line's number, what stands there and what was expected. */
  fail(expected: string): never {
    const rest = this.text.slice(this.at);
    const seen = rest === "" ? `the line ends after ${shown(this.text.slice(-40))}` : `column ${this.at + 1} has ${shown(rest)}`;
    throw new InferometerError("PARSE_ERROR", `Line ${this.line}: ${seen}, expected ${expected}.`);
  }

  /** Throws PARSE_ERROR about the whole line. */
  refuse(reason: string): never {
    throw new InferometerError("PARSE_ERROR", `Line ${this.line}, ${shown(this.text)}: ${reason}.`);
  }

  get atEnd(): boolean {
    return this.at === this.text.length;
  }

  skipBlanks(): void {
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++;
  }

  metricName(): string {
    return this.#name(true) ?? this.fail("a metric name (letters, digits, _ and :, no digit first)");
  }

  /** Steps over a text if it stands here. */
  skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string, name: string): void {
    if (!this.skip(text)) this.fail(name);
  }

  /** What stands until the next space (or, with `blanks`, tab) or the end. */
  token(): string {
    let end = this.at;
    while (end < this.text.length && this.text[end] !== " " && !(this.#blanks && this.text[end] === "\t")) end++;
    const token = this.text.slice(this.at, end);
    this.at = end;
    return token;
  }

  number(what: string): number {
    const start = this.at;
    const value = readNumber(this.token());
    if (value !== undefined) return value;
    this.at = start;
    return this.fail(`${what} (a number)`);
  }

  /** Label pairs in braces, of which the first has been read. With `blanks` a comma may stand after the last pair. */
  labels(): LabelPair[] {
    const labels: LabelPair[] = [];
    this.#between();
    if (this.skip("}")) return labels;
    const names = new Set<string>();
    for (;;) {
      const start = this.at;
      const name = this.#name(false) ?? this.fail(labels.length === 0 ? 'a label name or "}"' : "a label name");
      if (names.has(name)) {
        this.at = start;
        this.fail(`another label than ${name}, which this series has already`);
      }
      names.add(name);
      this.#between();
      this.expect("=", '"=" after the label name');
      this.#between();
      labels.push([name, this.#quoted()]);
      this.#between();
      const more = this.skip(",");
      if (more) this.#between();
      if (!(more && !this.#blanks) && this.skip("}")) return labels;
      if (!more) this.fail('"," or "}" after a label');
    }
  }

  #quoted(): string {
    this.expect('"', "a label value in double quotes");
    const start = this.at;
    for (let end = start; ; end++) {
      end = this.text.indexOf('"', end);
      if (end === -1) this.fail("a double quote at the end of the label value");
      let slashes = 0;
      while (end - slashes > start && this.text[end - slashes - 1] === "\\") slashes++;
      if (slashes % 2 === 1) continue; // this quote is escaped
      this.at = end + 1;
      return unescaped(this.text.slice(start, end), /\\([\\"n])/g);
    }
  }

  #between(): void {
    if (this.#blanks) this.skipBlanks();
  }

  /** Char codes, since a sticky regular expression took a third of the time of a line. */
  #name(colons: boolean): string | undefined {
    const start = this.at;
    let end = start;
    while (isNameCode(this.text.charCodeAt(end), end > start, colons)) end++;
    this.at = end;
    return end === start ? undefined : this.text.slice(start, end);
  }
}

function isNameCode(code: number, digits: boolean, colons: boolean): boolean {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95) return true;
  return (digits && code >= 48 && code <= 57) || (colons && code === 58);
}

/** Turns the escapes that `pattern` finds into what they stand for; other backslashes stay. */
export function unescaped(text: string, pattern: RegExp): string {
  return text.includes("\\") ? text.replace(pattern, (_, character: string) => (character === "n" ? "\n" : character)) : text;
}

/** Takes the label that holds a bound or a quantile out of the others. Throws PARSE_ERROR if it is missing or no number. */
export function numbered(scanner: LineScanner, labels: readonly LabelPair[], name: "le" | "quantile"): [number, LabelPair[]] {
  const label = labels.find(([other]) => other === name);
  if (label === undefined) scanner.refuse(`the label ${name} is missing`);
  const value = readNumber(label[1]);
  if (value === undefined || Number.isNaN(value)) scanner.refuse(`${name}=${shown(label[1])} is not a number`);
  return [value, labels.filter((other) => other !== label)];
}
