import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";

/** What a line's number is for, and what to divide it by. */
export interface KeyedField {
  readonly series: Series;
  /** Default 1. */
  readonly divisor?: number;
}

/** Reads a file with a key and a number a line, such as cpu.stat; lines of other keys are passed over. */
export function keyed(file: KernelFile, fields: Readonly<Record<string, KeyedField>>): () => void {
  const keys = new KeyTable((key) => (Object.hasOwn(fields, key) ? fields[key] : undefined));
  return () => {
    const text = file.read();
    keys.begin();
    while (text.word()) {
      const field = keys.of(text);
      if (field !== undefined) field.series.set(text.uint() / (field.divisor ?? 1));
      text.nextLine();
    }
    keys.end();
  };
}
