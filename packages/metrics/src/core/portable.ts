import { SeriesTable } from "./series-table.ts";
import { type FamilyData, FamilySnapshot, Snapshot } from "./snapshot.ts";

/** A snapshot of plain data, for postMessage or v8.serialize: to another thread, process or machine. */
export interface PortableSnapshot {
  readonly timestamp: number;
  readonly families: readonly PortableFamily[];
}

export interface PortableFamily extends Omit<FamilyData, "table"> {
  readonly labelNames: readonly string[];
  /** A row each, in the order of labelNames. */
  readonly labels: readonly (readonly (string | undefined)[])[];
}

export function toPortable(snapshot: Snapshot): PortableSnapshot {
  return { timestamp: snapshot.timestamp, families: snapshot.families.map(packed) };
}

export function fromPortable(portable: PortableSnapshot): Snapshot {
  return new Snapshot(portable.families.map(unpacked), portable.timestamp);
}

function packed(family: FamilySnapshot): PortableFamily {
  const { name, type, help, unit, rule, constants, table, length, values, bounds, quantiles, natives, created, timestamps, exemplars } = family;
  const labels = Array.from({ length }, (_, row) => table.values(row));
  const own = { name, type, help, unit, rule, constants, length, values, labelNames: table.labelNames, labels };
  // The sender's arrays may be longer than the snapshot, and must not travel whole.
  const optional = { bounds, quantiles, natives, created: created?.slice(0, length), timestamps: timestamps?.slice(0, length), exemplars };
  return { ...own, ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<FamilyData>) };
}

function unpacked({ labelNames, labels, ...data }: PortableFamily): FamilySnapshot {
  const table = new SeriesTable(labelNames);
  for (const values of labels) table.add(values);
  return new FamilySnapshot({ ...data, table });
}
