import { Buffer } from "node:buffer";
import type { KernelText } from "./kernel-text.ts";

interface Entry<V> {
  readonly key: Buffer;
  readonly value: V;
  /** Its place in the pass that saw it last. */
  place: number;
  pass: number;
}

/**
 * What belongs to each key of a file (a device, a field), found by the key's bytes. A file names its keys in the same order each time, so the
 * next one is looked for where it stood last; what a pass did not see is forgotten.
 *
 * @example
 * devices.begin();
 * while (text.at < text.end) { text.word(); const device = devices.of(text); …; text.nextLine(); }
 * devices.end();
 */
export class KeyTable<V> {
  readonly #make: (key: string) => V;
  readonly #drop: ((value: V) => void) | undefined;
  #entries: Entry<V>[] = [];
  #next = 0;
  #seen = 0;
  #pass = 0;
  #changed = false;
  /** What the last pass saw, in the file's order. */
  values: readonly V[] = [];

  /** `make` is called at a key's first sight, `options.drop` when it is gone. */
  constructor(make: (key: string) => V, options: { readonly drop?: (value: V) => void } = {}) {
    this.#make = make;
    this.#drop = options.drop;
  }

  begin(): void {
    this.#pass++;
    this.#next = 0;
    this.#seen = 0;
  }

  /** What belongs to the word that `text` has just passed. */
  of(text: KernelText): V {
    const { bytes, start, at } = text;
    let entry = this.#entries[this.#next];
    if (entry === undefined || !same(entry.key, bytes, start, at)) {
      this.#changed = true;
      entry = this.#entries.find(({ key }) => same(key, bytes, start, at));
      if (entry === undefined) {
        const key = Buffer.from(bytes.subarray(start, at));
        entry = { key, value: this.#make(key.toString("utf8")), place: 0, pass: 0 };
        this.#entries.push(entry); // at the end until the pass is over: what stands next is still expected
      } else this.#next = this.#entries.indexOf(entry) + 1;
    } else this.#next++;
    entry.place = this.#seen++;
    entry.pass = this.#pass;
    return entry.value;
  }

  end(): void {
    if (!this.#changed && this.#seen === this.#entries.length) return;
    const pass = this.#pass;
    if (this.#drop !== undefined) for (const { value, pass: last } of this.#entries) if (last !== pass) this.#drop(value);
    this.#entries = this.#entries.filter((entry) => entry.pass === pass).sort((a, b) => a.place - b.place);
    this.values = this.#entries.map(({ value }) => value);
    this.#changed = false;
  }
}

function same(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  // From the end: veth1234 and veth1235 differ there.
  for (let k = key.length - 1; k >= 0; k--) if (key[k] !== bytes[start + k]) return false;
  return true;
}
