import { SeriesTable } from "../core/series-table.ts";
import { type FamilyData, FamilySnapshot, type NativeHistogram, Snapshot } from "../core/snapshot.ts";

type FamilyInput = Omit<FamilyData, "help" | "table" | "length" | "values"> & {
  readonly help?: string;
  readonly labels?: readonly string[];
  /** Label values, then the row's numbers as FamilyData.values has them. */
  readonly rows: readonly (readonly [labels: readonly (string | undefined)[], ...values: number[]])[];
};

export function family({ labels = [], rows, help = "", ...rest }: FamilyInput): FamilySnapshot {
  const table = new SeriesTable(labels);
  for (const [values] of rows) table.add(values);
  return new FamilySnapshot({ ...rest, help, table, length: rows.length, values: Float64Array.from(rows.flatMap(([, ...values]) => values)) });
}

export const snapshotOf = (...families: FamilySnapshot[]): Snapshot => new Snapshot(families, 1_700_000_000.5);

export const native: NativeHistogram = {
  schema: 2,
  zeroThreshold: 1e-9,
  zeroCount: 1,
  positive: { offset: -3, counts: [2, 0, 0, 0, 0, 5, 4, 0, 1] },
  negative: { offset: 1, counts: [3] },
};

/** Label values that have broken an exposition somewhere. */
export const HOSTILE: readonly string[] = [
  'a"b',
  "a\\",
  "a\nb",
  '"} 1\nevil 2',
  "\\n",
  " # {} 1",
  "}",
  ",",
  "=",
  "",
  " ",
  "\t",
  "\r\n",
  "\0",
  "é€😀",
  "__proto__",
  "le",
  "# EOF",
];

/** A metric of every type, with everything that a format can carry. */
export const everyType = (): Snapshot =>
  snapshotOf(
    family({
      name: "frames_total",
      type: "counter",
      help: "Frames seen.",
      constants: [["site", "lab-1"]],
      labels: ["model", "status"],
      rows: [
        [["owlv2", "ok"], 12],
        [["yolo", "error"], 0.5],
      ],
      created: Float64Array.of(1_699_999_000.25, Number.NaN),
      exemplars: new Map([[0, [{ labels: { trace_id: "abc" }, value: 1, timestamp: 1_700_000_000.125 }]]]),
    }),
    family({ name: "queue_size", type: "gauge", help: "Waiting.", rule: "max", rows: [[[], -3]] }),
    family({
      name: "latency_seconds",
      type: "histogram",
      help: "Time to answer.",
      unit: "seconds",
      labels: ["stage"],
      bounds: [0.005, 1, 2_000_000],
      rows: [
        [["decode"], 1, 2, 0, 1, 7.5],
        [["track"], 0, 0, 0, 0, 0],
      ],
      created: Float64Array.of(1_699_999_000, 1_699_999_001),
      exemplars: new Map([
        [
          0,
          [
            { labels: { trace_id: "old" }, value: 0.3 },
            { labels: {}, value: 0.5 },
            { labels: { trace_id: "slow" }, value: 3e6, timestamp: 1_700_000_000 },
          ],
        ],
      ]),
    }),
    family({
      name: "stage_seconds",
      type: "histogram",
      unit: "seconds",
      bounds: [1],
      rows: [[[], 13, 3, 4.5]],
      natives: [native],
      exemplars: new Map([[0, [{ labels: { trace_id: "n" }, value: 0.75, timestamp: 1_700_000_000 }]]]),
    }),
    family({ name: "size_bytes", type: "histogram", unit: "bytes", rows: [[[], 4.5]], natives: [native] }),
    family({ name: "wait_seconds", type: "gaugehistogram", help: "Waiting now.", unit: "seconds", bounds: [-1, 1], rows: [[[], 2, 1, 0, -1.5]] }),
    family({
      name: "response_seconds",
      type: "summary",
      help: "Answers.",
      quantiles: [0.5, 1],
      labels: ["path"],
      rows: [
        [["/"], 4, 1.25, 0.25, 0.5],
        [["/idle"], 0, 0, Number.NaN, Number.NaN],
      ],
      created: Float64Array.of(1_699_999_000, Number.NaN),
    }),
    family({ name: "application_info", type: "info", help: "About.", labels: ["version"], rows: [[["1.2.3"], 1]] }),
    family({
      name: "mode",
      type: "stateset",
      labels: ["camera", "mode"],
      rows: [
        [["1", "idle"], 0],
        [["1", "live"], 1],
      ],
    }),
    family({
      name: "foreign",
      type: "unknown",
      help: 'A "quoted" \\ help\nin two lines.',
      labels: ["text", "often"],
      timestamps: Float64Array.from([1_600_000_000.125, ...HOSTILE.map(() => Number.NaN)]),
      rows: [[["timed", undefined], Number.NEGATIVE_INFINITY], ...HOSTILE.map((text, at) => [[text, text], at] as const)],
    }),
  );

/** All that a snapshot says, as plain values that can be compared: rows by their labels, label order and constants aside. */
export function contents(snapshot: Snapshot): unknown {
  return snapshot.families.map((family) => ({
    name: family.name,
    type: family.type,
    help: family.help,
    unit: family.unit,
    rule: family.rule,
    bounds: family.bounds,
    quantiles: family.quantiles,
    rows: Array.from({ length: family.length }, (_, row) => ({
      labels: Object.entries(family.labels(row)).sort(([a], [b]) => (a < b ? -1 : 1)),
      values: [...family.values.slice(row * family.stride, (row + 1) * family.stride)],
      created: family.created?.[row] ?? Number.NaN,
      timestamp: family.timestamps?.[row] ?? Number.NaN,
      exemplars: family.exemplars?.get(row) ?? [],
      native: family.natives?.[row],
    })),
  }));
}
