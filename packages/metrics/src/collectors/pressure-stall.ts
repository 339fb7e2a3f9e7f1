import type { KernelFile } from "./kernel-file.ts";
import type { Series } from "./readings.ts";

const MICROSECONDS = 1e6;

/** What a line of a pressure file is for. */
export interface PressureLine {
  /** "some": at least one task waited. "full": all did, so nothing went on. */
  readonly start: "some" | "full";
  readonly series: Series;
}

/** Reads the totals of a pressure file: "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" in microseconds (Documentation/accounting/psi.rst). */
export function readPressure(file: KernelFile, lines: readonly PressureLine[]): void {
  const text = file.read();
  for (; text.at < text.end; text.nextLine()) {
    for (let k = 0; k < lines.length; k++) {
      const { start, series } = lines[k]!;
      if (text.here(start) && text.after("total=")) series.set(text.uint() / MICROSECONDS);
    }
  }
}
