import { Buffer } from "node:buffer";
import { readSync } from "node:fs";

const [TAB, LINE, SPACE, MINUS, DOT, ZERO, NINE] = [9, 10, 32, 45, 46, 48, 57];

/**
 * The bytes of the file that was read last, and a place in them. Numbers are parsed where they stand, so that reading makes no strings: by
 * facts/host.md that is a third of the CPU of splitting lines, and no garbage.
 *
 * One text serves all files of a collector: who reads must be done before the next one does.
 */
export class KernelText {
  bytes: Buffer = Buffer.alloc(0);
  /** Where the next thing is read. */
  at = 0;
  /** Behind the last byte; a zero byte stands there, so that scanning for digits or words needs no check. */
  end = 0;
  /** Where the word that `word` found begins. */
  start = 0;

  /**
   * Takes a whole file from an open descriptor. A read brings only as many records as fit into the kernel's page, whatever the buffer, so it
   * is repeated until nothing comes; `once` is for files that are one record (all of sysfs), where that would be one call too many.
   */
  fill(fd: number, once: "once" | "all"): void {
    if (this.bytes.length === 0) this.bytes = Buffer.allocUnsafeSlow(65_536);
    let length = 0;
    for (;;) {
      const got = readSync(fd, this.bytes, length, this.bytes.length - length - 1, length);
      length += got;
      if (got === 0 || (once === "once" && length < this.bytes.length - 1)) break;
      if (length === this.bytes.length - 1) this.#grow();
    }
    this.set(length);
  }

  /** Starts at the beginning of the first `length` bytes. */
  set(length: number): void {
    this.bytes[length] = 0;
    this.at = 0;
    this.end = length;
  }

  /** The next number, unsigned; NaN if none stands there (then the place stays). */
  uint(): number {
    const { bytes } = this;
    let at = this.#behindBlanks();
    let digit = bytes[at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    let value = 0;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = bytes[++at]! - ZERO;
    }
    this.at = at;
    return value;
  }

  /** The next number, with a minus and decimals if it has them; NaN if none stands there. */
  number(): number {
    const { bytes } = this;
    const from = this.#behindBlanks();
    const negative = bytes[from] === MINUS;
    this.at = negative ? from + 1 : from;
    let value = this.uint();
    if (bytes[this.at] === DOT && bytes[this.at + 1]! >= ZERO && bytes[this.at + 1]! <= NINE) {
      const start = ++this.at;
      const decimals = this.uint();
      // Divided, not multiplied by 0.1s: 0.07 must come out as the double that is nearest to 0.07.
      const scale = 10 ** (this.at - start);
      value = (value * scale + decimals) / scale;
    }
    if (value !== value) this.at = from;
    return negative ? -value : value;
  }

  /** The next hexadecimal number, with or without 0x; NaN if none stands there. */
  hex(): number {
    const { bytes } = this;
    let at = this.#behindBlanks();
    if (bytes[at] === ZERO && (bytes[at + 1]! | 32) === 120) at += 2;
    let value = 0;
    let digit = hexDigit(bytes[at]!);
    if (digit === -1) return Number.NaN;
    while (digit !== -1) {
      value = value * 16 + digit;
      digit = hexDigit(bytes[++at]!);
    }
    this.at = at;
    return value;
  }

  /** Passes the next word, up to a blank, the line's end or `until` (a byte); it then lies from `start` to `at`. False if the line is over. */
  word(until: number = SPACE): boolean {
    const { bytes } = this;
    let at = this.#behindBlanks();
    this.start = at;
    while (bytes[at]! > SPACE && bytes[at] !== until) at++;
    this.at = at;
    return at > this.start;
  }

  /** The word that was passed, as a string of bytes (what is not ASCII comes out as Latin-1). */
  string(): string {
    return this.bytes.toString("latin1", this.start, this.at);
  }

  /** The line from here, without its end, as UTF-8; the place moves behind it. */
  line(): string {
    const from = this.at;
    this.nextLine();
    const to = this.bytes[this.at - 1] === LINE && this.at > from ? this.at - 1 : this.at;
    return this.bytes.toString("utf8", from, to);
  }

  /** The whole text without the last line's end, as UTF-8. */
  all(): string {
    return this.bytes.toString("utf8", 0, this.end).trimEnd();
  }

  /** Goes to the beginning of the next line. */
  nextLine(): void {
    const found = this.bytes.indexOf(LINE, this.at);
    this.at = found === -1 || found >= this.end ? this.end : found + 1;
  }

  /** Goes behind the next `text` (ASCII) of the file; false, and stays, if there is none. */
  after(text: string): boolean {
    const found = this.bytes.indexOf(text, this.at, "latin1");
    if (found === -1 || found + text.length > this.end) return false;
    this.at = found + text.length;
    return true;
  }

  /** Whether `text` (ASCII) stands here. */
  here(text: string): boolean {
    for (let k = 0; k < text.length; k++) if (this.bytes[this.at + k] !== text.charCodeAt(k)) return false;
    return true;
  }

  #behindBlanks(): number {
    const { bytes } = this;
    let { at } = this;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    return at;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
